/**
 * The picture of a message: rows cloned from the page's own templates, filled, signed, and told in the reader's zone.
 */
import { LIMITS, page, t } from "./app.js";
import { offerPictures, showFiles, worded } from "./offers.js";

const language = document.documentElement.lang || "en";
const { hour_cycle: hourCycle } = page;
/** The one that somebody has chosen, else that of the browser, which may know fewer than the server. */
let timeZone = page.time_zone;
try { Intl.DateTimeFormat(language, { timeZone }); } catch { timeZone = undefined; }
const clock = new Intl.DateTimeFormat(language, { hour: hourCycle === "h12" ? "numeric" : "2-digit", minute: "2-digit", hourCycle, timeZone });
const [longDate, longDay] = ["long", "full"].map((dateStyle) => new Intl.DateTimeFormat(language, { dateStyle, timeZone }));
const zone = new Intl.DateTimeFormat(language, { timeZoneName: "shortOffset", timeZone });
const isoDay = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone });
const DAY = 86_400_000;

/** The one door through which markup becomes nodes: bodies that the server has rendered and sanitised. */
const policy = globalThis.trustedTypes?.createPolicy("chatapp-html", { createHTML: (html) => html });

export const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const dayOf = (row) => isoDay.format(new Date(row.dataset.at));
/** A row's place in the log; NaN while it waits to get one, and for no row at all. */
export const indexOf = (row) => Number(row?.dataset.index || NaN);

/** The line above what is new. */
export const newLine = () => fresh("new-template");
export const blankRow = () => fresh("row-template");

function rowBeside(row, side) {
  let node = row[side];
  while (node && !node.matches(".msg")) node = node[side];
  return node;
}

/** The row before this one, whatever stands between them. */
export const rowAbove = (row) => rowBeside(row, "previousElementSibling");
export const rowBelow = (row) => rowBeside(row, "nextElementSibling");
const offset = (moment) => zone.formatToParts(moment).at(-1).value.replace(/^GMT(\+0)?$/, "UTC");
/** A moment in the browser's zone, as chatapp/web/moments.py writes it. */
const fullTime = (moment) => t("full_time", { date: longDate.format(moment), time: clock.format(moment), zone: offset(moment) });
/** What a time element says. */
export const told = (moment) => ({ dateTime: moment.toISOString(), textContent: clock.format(moment), title: fullTime(moment) });

/** Says the row's time, and names the row. */
export function localise(row) {
  for (const time of row.querySelectorAll(".hd time, .ts time")) Object.assign(time, told(new Date(row.dataset.at)));
  rouse(row, row.contains(document.activeElement));
}

export function name(row, text = "") {
  const [who, handle, time] = [".who", ".handle", ".ts"].map((part) => row.querySelector(part).textContent);
  const label = t("row_label", { name: `${who} ${handle}`.trim(), time });
  row.setAttribute("aria-label", text ? `${label}, ${text}` : label);
}

/** The first row of which something is in sight, and the last that is as a whole, or as much of it as the screen holds. */
export function rowsInSight(log) {
  const { top, bottom } = log.getBoundingClientRect();
  const rows = [...log.querySelectorAll(".msg[data-index]")];
  const isInSight = (box) => box.top < bottom && (box.bottom <= bottom + 2 || box.top <= top);
  return [rows.find((row) => row.getBoundingClientRect().bottom > top), rows.findLast((row) => isInSight(row.getBoundingClientRect()))];
}

/** Brings a row into sight and under the focus, and lights it up for a moment. */
export function flash(row) {
  row.classList.add("target");
  goTo(row, row.offsetHeight > row.parentElement.clientHeight ? "start" : "center");
  setTimeout(() => row.classList.remove("target"), LIMITS.flash);
}

/** Not by the focus alone, which shows the middle of what is taller than the screen. */
const goTo = (row, block) => { row.scrollIntoView({ block }); row.focus({ preventScroll: true }); };

/** Moves the focus among the rows; Infinity is the last one shown. */
function step(by) {
  const log = document.getElementById("timeline");
  const rows = [...log.querySelectorAll(".msg")];
  const now = rows.indexOf(document.activeElement.closest(".msg"));
  const next = now < 0 && Number.isFinite(by) ? rows.indexOf(rowsInSight(log)[1]) : now + by;
  if (rows.length) goTo(rows[Math.max(0, Math.min(next, rows.length - 1))], "nearest");
}

/** A row's own links and chips join the Tab order, and its text its name, only while the focus is in it: the log is one stop. */
function rouse(row, isActive) {
  for (const stop of row.querySelectorAll("a, .rx button")) stop.tabIndex = isActive ? 0 : -1;
  name(row, isActive && !row.matches(".going") ? row.querySelector(".bd").textContent.slice(0, LIMITS.announceCharacters) : "");
}

/** Puts a person's name and initials on a row. */
export function sign(row, username, displayName) {
  const hue = [...username].reduce((sum, character) => sum + character.codePointAt(0), 0) % 12;
  const parts = displayName.split(/[\s._-]+/).filter(Boolean).slice(0, 2);
  const avatar = row.querySelector(".av");
  avatar.className = `av hue-${hue}`;
  avatar.textContent = parts.map((part) => [...part][0]).join("").toUpperCase();
  row.dataset.author = username;
  row.classList.toggle("mine", username === page.me.username);
  const [who, handle] = [".who", ".handle"].map((part) => row.querySelector(part));
  Object.assign(who.firstChild, { href: `/people/${username}`, textContent: displayName });
  // Names may be alike; usernames are not.
  handle.textContent = username === displayName ? "" : `@${username}`;
  if (row.matches(".action")) who.title = handle.textContent;
}

/** Makes `row` show a stored message as it is now; the same node whether it was waiting, stored or edited. */
export function paint(row, message, steadily) {
  Object.assign(row, { id: `m${message.index}`, tabIndex: -1 });
  Object.assign(row.dataset, { index: message.index, version: message.version, at: message.timestamp });
  row.classList.remove("pending", "failed");
  if (message.deleted) row.classList.remove("going");
  row.classList.toggle("deleted", Boolean(message.deleted) || message.kind === "damaged");
  row.classList.toggle("action", message.kind === "action");
  quote(row, message.reply_to);
  row.classList.toggle("named", isNamed(message));
  for (const link of row.querySelectorAll(".hd > a, .ts, .act")) link.href = `/rooms/${page.room.slug}/${message.index}`;
  sign(row, message.username, message.display_name);
  paintBody(row.querySelector(".bd"), message);
  showFiles(row, message.attachments ?? [], steadily);
  const edited = row.querySelector(".edited");
  edited.hidden = !message.edited_at || Boolean(message.deleted);
  if (message.edited_at) edited.title = t("edited_at", { time: fullTime(new Date(message.edited_at)) });
  paintMarks(row, message, steadily);
  if (!row.matches(".going")) clearState(row);
  localise(row);
  return row;
}

/** Whether a message of somebody else mentions the reader. */
export const isNamed = ({ username, mentions = [] }) =>
  username !== page.me.username && [page.me.username, "@room", "@here"].some((name) => mentions.includes(name));

/** What few messages have, pins and chips, is drawn by what is fetched with the first of them. */
function paintMarks(row, message, steadily) {
  row.marks = message;
  if (!message.pinned && !message.reactions && !row.querySelector(".pinned, .rx")) return;
  chips ??= worded(import("./chips.js")).catch(() => { chips = null; });
  chips.then((all) => all && steadily(() => all.paintMarks(row)));
}

/** Takes away what was said about a row's way to the server. */
export const clearState = (row) => Object.assign(row.querySelector(".state"), { textContent: "", hidden: true });

function paintBody(body, message) {
  if (message.deleted) body.textContent = t("deleted_message");
  else if (message.kind === "damaged") body.textContent = t("damaged_message");
  else if (message.html) body.innerHTML = policy ? policy.createHTML(message.html) : message.html;
  else body.textContent = message.content;
}

let quotes = null, chips = null;

/** Fetched with the first reply that is drawn or changed; what does not arrive is tried again with the next. */
function withQuotes(use) {
  quotes ??= import("./quotes.js");
  quotes.then(use).catch(() => { quotes = null; });
}

/** Says over a reply what it replies to: at once that it does, and the words when they are known. */
function quote(row, original) {
  if (!original || row.dataset.reply) return;
  const link = fresh("quote-template");
  link.href = `/rooms/${page.room.slug}/${original}`;
  row.dataset.reply = original;
  row.querySelector(".bd").before(link);
  withQuotes(({ fill }) => fill(link, original));
}

/** Replies show what they reply to as it is now. */
export function quoteAnew(message) {
  if (quotes || document.querySelector(`[data-reply="${message.index}"]`)) withQuotes(({ update }) => update(message));
}

/** A row for words that are not stored yet. */
export function waitingRow(content, at, replyTo, files, steadily) {
  const row = blankRow();
  row.removeAttribute("id");
  for (const each of ["index", "version"]) delete row.dataset[each];
  row.dataset.at = at;
  for (const link of row.querySelectorAll("a")) link.removeAttribute("href");
  sign(row, page.me.username, page.me.display_name);
  row.querySelector(".bd").textContent = content;
  quote(row, replyTo);
  showFiles(row, files, steadily);
  localise(row);
  return row;
}

/** Puts a person's new name on all their rows, and on those to come. */
export function rename(log, username, displayName) {
  if (username === page.me.username) page.me.display_name = displayName;
  for (const row of log.querySelectorAll(`.msg[data-author="${username}"]`)) sign(row, username, displayName), localise(row);
  for (const by of log.querySelectorAll(`.quote [data-by="${username}"]`)) by.textContent = displayName;
}

/** The heading over a row that begins a day; null where the day goes on. */
export function divider(above, row) {
  if (above && dayOf(above) === dayOf(row)) return null;
  const day = fresh("day-template");
  sayDay(day, row);
  return day;
}

function sayDay(day, row) {
  const dateTime = dayOf(row);
  const ago = (Date.parse(isoDay.format()) - Date.parse(dateTime)) / DAY;
  const textContent = [t("today"), t("yesterday")][ago] ?? longDay.format(new Date(row.dataset.at));
  Object.assign(day.querySelector("time"), { dateTime, textContent });
}

/** Keeps the log true to the focus that moves in it, and to today becoming yesterday. */
export function enliven(log) {
  log.addEventListener("focusin", (event) => event.target.closest(".msg") && rouse(event.target.closest(".msg"), true));
  log.addEventListener("focusout", (event) => event.target.closest(".msg") && rouse(event.target.closest(".msg"), false));
  offerPictures(log);
  const sayDays = () => log.querySelectorAll(".day").forEach((day) => sayDay(day, rowBelow(day)));
  // Every quarter of an hour it is midnight somewhere; whoever wakes a machine looks at the page.
  const atMidnight = () => setTimeout(() => { sayDays(); atMidnight(); }, DAY / 96 - Date.now() % (DAY / 96));
  sayDays();
  atMidnight();
  addEventListener("focus", sayDays);
}

/**
 * Lets people go from message to message and do things with one; what does them is fetched when somebody first points
 * there. Returns what keys do: false where there is nothing to do it to.
 */
export function offerActions(connection, timeline, composer) {
  const log = document.getElementById("timeline");
  let loaded = null;
  const load = () => (loaded ??= worded(import("./actions.js")).then(({ Actions }) => new Actions(connection, timeline)).catch(() => { loaded.isLost = true; }));
  connection.on("hello", () => { if (loaded?.isLost) loaded = null; }); // what did not come is fetched anew, and only that
  const run = (name, row, button) => load().then((all) => all?.run(name, row, button));
  for (const type of ["pointermove", "focusin"]) log.addEventListener(type, load);
  // The first finger may already rest on a row while they are fetched.
  addEventListener("touchstart", ({ target }, began = performance.now()) => {
    const lifted = new Promise((go) => ["pointerup", "pointercancel"].forEach((type) => addEventListener(type, go, { once: true })));
    Promise.race([lifted, load()]).then((all) => all?.press?.(target, began));
  }, { once: true, passive: true });
  log.addEventListener("click", (event) => {
    const place = event.target.closest(".act, .quote, .rx button");
    const original = place?.matches(".quote") && document.getElementById(`m${place.closest(".msg").dataset.reply}`);
    if (!place || original === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    original ? flash(original) : run(place.matches(".act") ? "more" : "toggle", place.closest(".msg"), place);
  });
  if (composer.isUnfinished || document.activeElement.closest(".msg")) load().then((all) => all?.resumeReply());
  // A click gives a row the focus too, but the letters typed after it are meant for the message box.
  let clicked = null;
  log.addEventListener("pointerdown", ({ target }) => { clicked = target.closest(".tools") ? null : target.closest(".msg"); });
  log.addEventListener("focusin", (event) => { if (event.target.closest(".msg") !== clicked) clicked = null; });
  const byKey = (name) => () => {
    const row = document.activeElement.closest(".msg");
    if (!row || row === clicked) return false;
    return void (name === "reply" ? composer.hold(() => run(name, row)) : run(name, row));
  };
  return {
    rowAbove: () => step(-1), rowBelow: () => step(1),
    firstRow: () => step(-Infinity), lastRow: () => step(Infinity),
    ...Object.fromEntries(["reply", "edit", "react", "unread", "delete"].map((name) => [`${name}Row`, byKey(name)])), copyRow: byKey("text"),
    editLast: () => composer.isIdle && composer.hold(() => load().then((all) => all?.editLast())),
  };
}

/** Moves a row to its place among `rows`, only where another message got in between: a moved node loses focus and selection. */
export function place(row, rows, top) {
  const above = rows.findLast((other) => indexOf(other) < indexOf(row)) ?? null;
  const mark = above?.nextElementSibling?.matches(".restored") ? above.nextElementSibling : above;
  if (!row.isConnected || rowAbove(row) !== above) (mark ?? top).after(row);
}

/** Takes away what stands over a row because of it. */
export function unmark(row) {
  while (row.previousElementSibling?.matches(".day, .new")) row.previousElementSibling.remove();
}

/** Takes away every stored message, and what only stood between them. */
export function clear(log) {
  for (const node of log.querySelectorAll(".msg[data-index], .day, .new, .hole, .restored")) node.remove();
  if (quotes) withQuotes(({ forget }) => forget());
}

/** Says from which number to which nothing is missing, which is the newest, and when that was so: `checkedAt` is 0 for now. */
export function sayComplete(line, numbers, checkedAt) {
  const [whole, part, newest, checked] = line.children;
  line.hidden = !numbers.first;
  whole.hidden = numbers.first > 1;
  part.hidden = !whole.hidden;
  newest.hidden = numbers.last >= numbers.newest;
  checked.hidden = !checkedAt;
  for (const place of line.querySelectorAll("[data-n]")) place.textContent = numbers[place.dataset.n];
  if (checkedAt) Object.assign(checked.querySelector("time"), told(new Date(checkedAt)));
}

/** Whether `row` goes on where the row right above it left off, and needs no name of its own. */
export function isGrouped(above, row) {
  return above === row.previousElementSibling && above?.dataset.author === row.dataset.author
    && Math.abs(Date.parse(row.dataset.at) - Date.parse(above.dataset.at)) < LIMITS.groupWithin
    && !(indexOf(row) > indexOf(above) + 1) && !row.hasAttribute("data-reply") && !above.matches(".action") && !row.matches(".action");
}
