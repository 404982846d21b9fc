/**
 * What few keys do, and what else is done to a text that is being written: fetched with the first. Each function here
 * has the name by which the table of keys, or the message box, asks for it.
 */
import { WRITING, page } from "./app.js";
import { worded } from "./offers.js";

const log = document.getElementById("timeline");
/** How much of a screenful a page is: the last line stays in sight. */
const PAGE_SHARE = 0.9;

export const attach = () => document.querySelector(".attach")?.click();
export const scrollUp = () => scrollBy(-1);
export const scrollDown = () => scrollBy(1);
const scrollBy = (by) => log.scrollBy({ top: by * PAGE_SHARE * log.clientHeight });

/** To where reading began; to a page of its own where that is older than what is shown. */
export function oldestUnread() {
  const line = document.getElementById("new-line");
  const first = page.read_index + 1;
  const shown = Number(log?.querySelector(".msg[data-index]")?.dataset.index);
  if (line) {
    line.scrollIntoView({ block: "start" });
    line.nextElementSibling.focus({ preventScroll: true });
  } else if (first < shown && first <= page.index) location.assign(`/rooms/${page.room.slug}/${first}`);
}

// Regions of the page

const REGIONS = "#sidebar, .roomhead, .pagehead, #timeline, .page, #composer, .members";
const STOPS = "[aria-current], a[href], button, input, textarea, select";

export const nextRegion = () => moveOn(1);
export const previousRegion = () => moveOn(-1);

/** Where the focus lands: what is current, else the first that can have it, else the part itself. */
function landing(region) {
  const stops = region === log ? [log] : [...region.querySelectorAll(STOPS)].filter((each) => each.checkVisibility());
  if (!stops.length) region.tabIndex = -1;
  return stops.find((each) => each.matches("[aria-current], #message")) ?? stops[0] ?? region;
}

function moveOn(by) {
  const places = [...document.querySelectorAll(REGIONS)].filter((each) => each.checkVisibility());
  const now = places.findIndex((each) => each.contains(document.activeElement));
  landing(places.at((now < 0 && by < 0 ? by : now + by) % places.length)).focus();
}

// Marks around words

const TICK = "\x60";
const FENCE = TICK.repeat(3);

export const bold = (field) => emphasise(field, 2);
export const italic = (field) => emphasise(field, 1);

/** Marks stand at words: with a space inside them they would mark nothing. */
function chosen({ value, selectionStart, selectionEnd }) {
  const text = value.slice(selectionStart, selectionEnd);
  const start = selectionStart + (text.trim() ? text.length - text.trimStart().length : 0);
  return [start, start + (text.trim().length || text.length)];
}

/** How many of a sign stand on both sides. */
function around(value, start, end, sign) {
  let count = 0;
  while (value[start - count - 1] === sign && value[end + count] === sign) count += 1;
  return count;
}

/** One star is italic, two are bold, three are both; what is there already is taken away. */
function emphasise(field, stars) {
  const { value } = field;
  let [start, end] = chosen(field);
  while (end - start > 2 && value[start] === "*" && value[end - 1] === "*") [start, end] = [start + 1, end - 1];
  const before = Math.min(3, around(value, start, end, "*"));
  const isOn = stars === 1 ? before % 2 === 1 : before >= 2;
  surround(field, start, end, before, "*".repeat(before + (isOn ? -stars : stars)));
}

/** More than one line is a block, which begins on a line of its own. */
export function code(field) {
  const { value } = field;
  const [start, end] = chosen(field);
  const text = value.slice(start, end);
  if (text.includes("\n")) {
    const isLineBegun = start > 0 && value[start - 1] !== "\n";
    return replace(field, start, end, `${isLineBegun ? "\n" : ""}${FENCE}\n${text}\n${FENCE}\n`);
  }
  const before = around(value, start, end, TICK);
  const longest = Math.max(0, ...(text.match(/\x60+/g) ?? []).map((run) => run.length));
  return surround(field, start, end, before, before ? "" : TICK.repeat(longest + 1));
}

/** Puts `mark` where `before` signs stood, and selects the words again. */
function surround(field, start, end, before, mark) {
  const text = field.value.slice(start, end);
  const from = start - before;
  replace(field, from, end + before, mark + text + mark);
  field.setSelectionRange(from + mark.length, from + mark.length + text.length);
}

/** Of all ways to change a text this one alone is undone by Ctrl+Z. */
export function replace(field, start, end, text) {
  field.focus({ preventScroll: true });
  field.setSelectionRange(start, end);
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** An address that is pasted over words becomes a link of them, unless they are one. */
export const awaitLinks = () => document.addEventListener("paste", onPaste);

function onPaste(event) {
  const { target: field, clipboardData } = event;
  const url = clipboardData?.getData("text/plain").trim() ?? "";
  if (!field.matches?.(WRITING) || !/^https?:\/\/\S+$/.test(url)) return;
  const { value, selectionStart: start, selectionEnd: end } = field;
  const text = value.slice(start, end);
  if (!text.trim() || /\n|^\s*https?:/.test(text)) return;
  event.preventDefault();
  const target = url.replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29"));
  replace(field, start, end, `[${text.replace(/[[\]]/g, "\\$&")}](${target})`);
}

/** Puts an emoji where the caret is; the focus is in the text again, also where none was chosen. */
export async function insertEmoji(field) {
  const { chooseEmoji } = await worded(import("./picker.js"));
  const emoji = await chooseEmoji();
  field.focus({ preventScroll: true });
  if (emoji) replace(field, field.selectionStart, field.selectionEnd, emoji);
}

// What needs words, and waits for them

export const run = async (...what) => (await worded(import("./commands.js"))).run(...what);
export const followReply = async () => (await import("./replies.js")).followReply();
export const measure = async (...what) => (await worded(import("./excess.js"))).measure(...what);
export const close = async (...what) => (await worded(import("./closed.js"))).close(...what);
export const sayKeys = async (...what) => (await worded(import("./excess.js"))).sayKeys(...what);
export const fillShortcuts = async () => (await worded(import("./shortcuts.js"))).fillShortcuts();
