/**
 * Names that complete themselves: people behind `@`, rooms behind `#`, emoji behind `:`, and commands behind a `/` that a
 * message begins with. A combobox: arrows move through the list, Enter or Tab takes, Escape closes it and nothing else.
 */
import { announce, isComposing, make, page, t, tn } from "./app.js";
import { askFor } from "./offers.js";
import { allEmoji, rememberEmoji, usedEmoji } from "./emoji.js";
import { replace } from "./keys.js";
import { sheet } from "./sheet.js";
import { fold, words } from "./words.js";

const MOST = { "@": 8, "#": 8, ":": 8, "/": 20 };
const GAP = 4;
const FEWEST = { "@": 0, "#": 0, ":": 2, "/": 0 };
/** A word of one character says as much as one of two letters. */
const HAN = /^\p{Script=Han}/u;
/** As many the server gives at most: fewer are all there are. */
const PEOPLE = 10;
const COMMAND = /^(\/)([a-z]*)$/i;
// What is written without spaces may stand right before a sign: Chinese, Japanese, Korean. Other letters make it none.
const SIGN = /(?<![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}\p{Nd}@#/&:.+-])([@#:])([^\s@#:]{0,64})$/u;
const room = page.room?.slug;
const list = Object.assign(make("ul", "completion"), { id: "completion", role: "listbox", popover: "manual" });
const sources = { "@": people, "#": rooms, ":": emoji, "/": commands };

/** @typedef {{key: string, label: string, note?: string, mark?: string, text: string, words: string[], hints?: string[], emoji?: string, isLast?: boolean}} Option */

let field = null;
/** The sign before the caret with what follows it, and where it begins. */
let typed = null;
/** @type {Option[]} */
let options = [];
let at = -1;
let asked = 0;

document.getElementById("main").append(list);
// Before the keys of the page and of an editor: what is done here they do not do again.
document.addEventListener("keydown", onKey, true);
document.addEventListener("input", (event) => !event.isComposing && watch(event.target));
document.addEventListener("compositionend", (event) => event.target === field && look());
document.addEventListener("compositionstart", close);
document.addEventListener("selectionchange", () => typed && !isStill() && close());
document.addEventListener("focusout", (event) => event.target === field && close());
// A press must not take the focus from what is being written.
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => take(options[[...list.children].indexOf(event.target.closest("li"))]));
// The sign that called for this module is there already.
queueMicrotask(() => watch(document.activeElement));
for (const type of ["resize", "scroll"]) addEventListener(type, (event) => typed && !list.contains(event.target) && place(), true);

/** From now on this field is looked at, if a message is written in it. */
function watch(target) {
  if (!target.matches("#message, .editor textarea")) return;
  field = target;
  look();
}

function before() {
  const { selectionStart, selectionEnd, value } = field;
  if (selectionStart !== selectionEnd) return null;
  const written = value.slice(0, selectionStart);
  const found = SIGN.exec(written) ?? (field.id === "message" && COMMAND.exec(written));
  return found && { sign: found[1], word: found[2], start: found.index, end: selectionStart };
}

function isStill() {
  const found = document.activeElement === field && before();
  return found && found.start === typed.start && found.end === typed.end;
}

async function look() {
  const found = before();
  const turn = ++asked;
  if (!found || (found.word.length < FEWEST[found.sign] && !HAN.test(found.word)) || document.activeElement !== field) return close();
  typed = found;
  // What comes later is shown only where the same is still wanted.
  const isWanted = () => turn === asked && typed && field.isConnected;
  const show = (all) => isWanted() && draw(ranked(all, fold(found.word)));
  try {
    await Promise.all([sheet(), words]);
    if (isWanted()) await sources[found.sign](found.word, show);
  } catch {
    if (isWanted() && !options.length) close();
  }
}

/** Those that begin with it before those that hold it, each in the order they came. */
function ranked(all, word) {
  const rank = ({ words }) => (words.some((each) => each.startsWith(word)) ? 0 : 1);
  const fitting = all.filter(({ words, hints = [] }) => [...words, ...hints].some((each) => each.includes(word)));
  const found = fitting.sort((one, other) => Boolean(one.isLast) - Boolean(other.isLast) || rank(one) - rank(other));
  return [...new Map(found.map((each) => [each.key, each])).values()].slice(0, MOST[typed.sign]);
}

function draw(found) {
  const chosen = options[at]?.key;
  const isNews = found.length !== options.length || !list.matches(":popover-open");
  options = found;
  if (!options.length) return hide();
  list.dataset.sign = typed.sign;
  list.ariaLabel = t("results");
  list.replaceChildren(...options.map(row));
  if (!list.matches(":popover-open")) list.showPopover();
  place();
  // HTML lets a textarea be nothing but a text box, which has all of a combobox but its role and aria-expanded.
  const about = { "aria-haspopup": "listbox", "aria-controls": list.id, "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(about)) field.setAttribute(name, value);
  const kept = options.findIndex(({ key }) => key === chosen);
  select(kept >= 0 ? kept : isMeant() ? 0 : -1);
  if (isNews) announce(tn("completions", options.length));
}

/** A bare sign wants nothing yet, and most colons before Chinese are the sentence's own: Enter still sends them. */
function isMeant() {
  const { sign, word, start } = typed;
  return word && !(sign === ":" && HAN.test(word) && /\S$/.test(field.value.slice(0, start)));
}

function row({ label, note = "", mark = "" }, n) {
  const item = Object.assign(make("li"), { id: `completion-${n}`, role: "option", ariaSelected: "false" });
  if (mark) item.append(Object.assign(make("span", "mark", mark), { ariaHidden: "true" }));
  item.append(make("bdi", "n", label), make("bdi", "k", note));
  return item;
}

function select(n) {
  list.children[at]?.setAttribute("aria-selected", "false");
  at = n;
  const chosen = list.children[at];
  chosen?.setAttribute("aria-selected", "true");
  chosen?.scrollIntoView({ block: "nearest" });
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
}

/** Above the field, or below where there is more room; never over it. */
function place() {
  const box = (field.closest(".box") ?? field).getBoundingClientRect();
  const { height, offsetTop } = visualViewport;
  const [above, below] = [box.top - offsetTop - 2 * GAP, offsetTop + height - box.bottom - 2 * GAP];
  const isAbove = above >= Math.min(list.scrollHeight, below) || above >= below;
  Object.assign(list.style, {
    left: `${box.left}px`,
    width: `${box.width}px`,
    maxHeight: `${Math.max(0, isAbove ? above : below)}px`,
    top: isAbove ? "auto" : `${box.bottom + GAP}px`,
    bottom: isAbove ? `${innerHeight - box.top + GAP}px` : "auto",
  });
}

/** Nothing is wanted any longer, and no answer on its way is shown. */
function close() {
  asked++;
  typed = whole = known = null;
  if (field) hide();
}

/** Nothing is there to choose from, yet. */
function hide() {
  options = [];
  at = -1;
  list.hidePopover();
  list.replaceChildren();
  for (const name of ["aria-haspopup", "aria-controls", "aria-autocomplete", "aria-activedescendant"]) field.removeAttribute(name);
}

function onKey(event) {
  if (!options.length || event.target !== field || isComposing(event)) return;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (!isPlain) return void (event.key === "Enter" && close());
  if (event.key in steps) select(at < 0 && steps[event.key] < 0 ? options.length - 1 : (at + steps[event.key] + options.length) % options.length);
  else if (event.key === "Escape") close();
  else if (event.key === "Tab") take(options[Math.max(at, 0)]);
  else if (event.key !== "Enter") return;
  else if (at < 0) return void close();
  // What is written out already wants no more: Enter sends it.
  else if (options[at].text.toLowerCase() === `${typed.sign}${typed.word}`.toLowerCase()) return void close();
  else take(options[at]);
  event.preventDefault();
  event.stopPropagation();
}

function take(option) {
  if (!option || !typed || !isStill()) return;
  const { start, end } = typed;
  const [space = ""] = field.value.slice(end).match(/^\s/) ?? [];
  close();
  replace(field, start, end + space.length, option.text + (space || " "));
  if (option.emoji) rememberEmoji(option.emoji);
}

// People

const person = (username, name, note = "", isLast = false) => ({
  key: username, label: name, note: [`@${username}`, note].filter(Boolean).join(" · "), mark: "@", text: `@${username}`, words: [username, fold(name), ...fold(name).split(/\s+/)], isLast,
});

/** Whoever spoke last comes first, then the members that the page lists, then whom the server finds. */
async function people(word, show) {
  const spoke = [...document.querySelectorAll("#timeline .msg[data-index]")].reverse().map(({ dataset }) => dataset.author);
  const members = [...document.querySelectorAll(".members li")].map((item) => ({ username: item.querySelector("[data-presence]").dataset.presence, name: item.querySelector("bdi").textContent }));
  const byName = new Map(members.map((each) => [each.username, each]));
  const recent = [...new Set(spoke)].map((username) => byName.get(username)).filter(Boolean);
  const known = [...recent, ...members].filter(({ username }) => username !== page.me.username).map(({ username, name }) => person(username, name));
  const all = byName.size ? [special("room", t("calls_room"), byName.size), special("here", t("calls_here"))] : [];
  show([...known, ...all]);
  if (!word) return;
  const candidates = await findPeople(word.toLowerCase());
  const found = candidates.filter(({ username }) => username !== page.me.username).map((each) => person(each.username, each.display_name, each.is_member ? "" : t("not_in_room"), !each.is_member));
  show([...known, ...all, ...found]);
}

/** The last answer that held everybody whose name holds its word, and what is being asked. */
let whole = null, asking = null;

/** Whoever goes on typing needs no other answer than a whole one, and none to what they typed before. */
async function findPeople(word) {
  if (whole && word.includes(whole.word)) return whole.candidates;
  asking?.abort();
  asking = new AbortController();
  const { candidates } = await askFor(`/api/v1/rooms/${room}/candidates?q=${encodeURIComponent(word)}`, { signal: asking.signal });
  if (candidates.length < PEOPLE) whole = { word, candidates };
  return candidates;
}

const special = (name, note, count = 0) => ({ key: `@${name}`, label: name, note: count ? `${note} (${count})` : note, mark: "@", text: `@${name}`, words: [name], isLast: true });

// Rooms

let known = null;

/** Those in the sidebar at once, then the open ones besides. */
async function rooms(word, show) {
  const links = [...document.querySelectorAll('.room-link:not([data-kind="direct"])')];
  const mine = links.map((link) => named(link.dataset.room, link.querySelector(".n").textContent));
  show(mine);
  known ??= askFor("/api/v1/rooms");
  known.catch(() => { known = null; });
  const { rooms: all } = await known;
  show([...mine, ...all.filter(({ kind }) => kind !== "direct").map(({ slug, title }) => named(slug, title))]);
}

const named = (slug, name) => ({ key: slug, label: name, note: slug === name ? "" : `#${slug}`, mark: "#", text: `#${slug}`, words: [slug, fold(name)] });

// Commands

let lines = null;

async function commands(word, show) {
  lines ??= askFor("/api/v1/commands");
  lines.catch(() => { lines = null; });
  show((await lines).commands.map(line));
}

const line = ({ name, argument, help }) => ({ key: name, label: `/${name} ${argument}`.trim(), note: help, text: `/${name}`, words: [name] });

// Emoji

/** Those used last first. */
async function emoji(word, show) {
  const all = (await allEmoji()).flatMap((group) => group.emoji).map(glyph);
  const last = usedEmoji().map((each) => all.find(({ emoji: other }) => other === each)).filter(Boolean);
  show([...last, ...all]);
}

const glyph = ({ emoji: each, name, shortcodes, keywords }) => ({
  key: each, emoji: each, label: shortcodes[0], note: name, mark: each, text: each, words: [...shortcodes, fold(name)], hints: keywords.map(fold),
});
