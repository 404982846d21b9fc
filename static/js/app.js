/**
 * Starts what a page needs, and holds what every module shares: the numbers, the page's words, storage that never
 * throws, and the one table of keys, which also fills the shortcuts dialog. All else is loaded for signed-in people only.
 */

/** Every number of the interface. Milliseconds unless the name says otherwise. */
export const LIMITS = Object.freeze({
  pageRows: 50, windowRows: 300, windowSlackRows: 20, followPixels: 100, farScreens: 2,
  groupWithin: 5 * 60_000, flash: 2_000, copied: 2_000, undo: 5_000, longPress: 600,
  announce: 1_000, announceCharacters: 200, counterShare: 0.1, unreadShown: 99, answer: 10_000, patience: 60_000,
  slowness: 3, // times as long, where a line has been slower than that
  again: 2_000, sending: 800, banner: 2_000, countdownFromSeconds: 5,
  retrySeconds: Object.freeze([2, 4, 8, 16, 30]), healthy: 60_000,
  heartbeat: 25_000, missedHeartbeats: 2, typing: 3_000, typingSeen: 6_000, hole: 300, read: 500,
  subscribeAtOnce: 10, refresh: 1_000, refreshNames: 10_000,
  stale: 60_000, idle: 5 * 60_000, hidden: 5_000,
});

/** What the server says about this page; empty where nobody is signed in. */
export const page = JSON.parse(document.getElementById("page")?.textContent || "{}");

const plural = new Intl.PluralRules(document.documentElement.lang || "en");
/** Where messages are written: anew, and again. */
export const WRITING = "#message, .editor textarea";
export const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/** The page's words for `key`, with `{name}` filled in from `values`. */
export function t(key, values = {}) {
  const text = page.strings?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The same for a number of things: `key_one`, `key_other` and what else the language has. */
export function tn(key, n, values = {}) {
  const form = `${key}_${plural.select(n)}`;
  return t(page.strings?.[form] ? form : `${key}_other`, { n, ...values });
}

/** A new element; text is always text, never markup. */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** localStorage that shrugs where the browser forbids it or it is full: whoever leaves then with words on the page is asked. */
export const storage = {
  read(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  write(key, value) {
    try { localStorage.setItem(key, value); } catch { import("./unkept.js").catch(() => {}); }
  },
  remove(key) {
    try { localStorage.removeItem(key); } catch { /* nothing was stored */ }
  },
  keys(prefix) {
    try { return Object.keys(localStorage).filter((key) => key.startsWith(prefix)); } catch { return []; }
  },
};

/** Says `text` to people who listen to the page. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

/** Opens a modal dialog; the browser gives the focus back when it closes. */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  if (id === "shortcuts") later("fillShortcuts");
  return dialog;
}

/** What keys do: filled in at the start by those who can do it. An action that returns false leaves the key to the browser. */
const actions = { openShortcuts: () => Boolean(openDialog("shortcuts")), search: () => location.assign(document.getElementById("search-here")?.href ?? "/search") };

/**
 * The table of keys, by where they are pressed. What is `late` is done by the function of that name in keys.js; what is
 * `native` the browser does, and is only for the dialog.
 */
export const KEYS = Object.freeze({
  page: [
    { keys: "Mod+K", does: "openSwitcher", isForLayers: true },
    { keys: "Alt+ArrowUp", does: "previousRoom" },
    { keys: "Alt+ArrowDown", does: "nextRoom" },
    { keys: "Alt+Shift+ArrowUp", does: "previousUnread" },
    { keys: "Alt+Shift+ArrowDown", does: "nextUnread" },
    { keys: "Shift+PageUp", does: "oldestUnread", late: true },
    { keys: "Mod+Shift+F", does: "search" },
    { keys: "Mod+F6", does: "nextRegion", late: true },
    { keys: "Mod+Shift+F6", does: "previousRegion", late: true },
    { keys: "Mod+/", does: "openShortcuts", isForLayers: true },
    { keys: "Mod+Shift+U", does: "attach", late: true },
    { keys: "A…Z", does: "type", native: true },
    { keys: "Escape", does: "escape" },
  ],
  composer: [
    { keys: "Enter", does: "sendByEnter" },
    { keys: "Mod+Enter", does: "send" },
    { keys: "Shift+Enter", does: "newline", native: true },
    { keys: "ArrowUp", does: "editLast" },
    { keys: "PageUp", does: "scrollUp", late: true },
    { keys: "PageDown", does: "scrollDown", late: true },
  ],
  text: [
    { keys: "Mod+B", does: "bold", late: true },
    { keys: "Mod+I", does: "italic", late: true },
    { keys: "Mod+E", does: "code", late: true },
  ],
  log: [
    { keys: "ArrowUp", does: "rowAbove" },
    { keys: "ArrowDown", does: "rowBelow" },
    { keys: "Home", does: "firstRow" },
    { keys: "End", does: "lastRow" },
    { keys: "R", does: "replyRow" },
    { keys: "E", does: "editRow" },
    { keys: "+", does: "reactRow" },
    { keys: "U", does: "unreadRow" },
    { keys: "Delete", does: "deleteRow" },
    { keys: "C", does: "copyRow" },
    { keys: "?", does: "openShortcuts" },
  ],
});

/** Whether somebody has turned something off in this browser: `enter`, that it sends; `letters`, keys of one sign. */
export const isOff = (part) => Boolean(storage.read(`keys:${page.me?.username}`)?.includes(part));
const isWanted = ({ keys }) => !(keys[1] ? keys === "Enter" && isOff("enter") : isOff("letters"));
const places = {
  page: () => true,
  composer: (target) => target.id === "message",
  text: (target) => target.matches(WRITING),
  log: (target) => target.closest("#timeline") && !target.matches("input, textarea"),
};

/** The rows of the table that hold here and now. */
export const keysFor = (place) => KEYS[place].filter(isWanted);

function isPressed(keys, event) {
  const modifiers = keys.split(/\+(?=.)/);
  const key = modifiers.pop();
  // A symbol may need Shift on one keyboard and not on another: its label is what counts.
  const isSymbol = /^[^a-z0-9]$/i.test(key);
  // A keyboard of another script has other letters on the same keys.
  const pressed = modifiers.includes("Mod") && /^[^\0-\x7f]$/.test(event.key) ? event.code.replace("Key", "") : event.key;
  return pressed.toLowerCase() === key.toLowerCase()
    && (isApple ? event.metaKey : event.ctrlKey) === modifiers.includes("Mod")
    && !(isApple ? event.ctrlKey : event.metaKey)
    && event.altKey === modifiers.includes("Alt")
    && (isSymbol || event.shiftKey === modifiers.includes("Shift"));
}

/** The row of the table for what is pressed. An open layer has its own keys, and the browser closes it with Escape. */
function find(event) {
  const isLayered = document.querySelector("dialog[open], :popover-open");
  const here = Object.keys(KEYS).filter((place) => places[place](event.target)).flatMap(keysFor);
  return here.find((each) => !each.native && (!isLayered || each.isForLayers) && isPressed(each.keys, event));
}

/** Enter that ends a composition must not send; Safari ends it first and only keyCode still tells. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

function onKey(event) {
  if (event.defaultPrevented || !event.key || isComposing(event)) return; // what fills in forms presses no key
  const entry = find(event);
  if (entry?.late) return void (page.me && (event.preventDefault(), later(entry.does, event.target)));
  const act = actions[entry?.does];
  if (entry && (act ? act() !== false : isKeptForLater(entry.does, event.target))) event.preventDefault();
  else actions.type?.(event);
}

/** Something that is fetched when it is done for the first time. */
export function later(name, ...what) {
  import("./keys.js").then((keys) => keys[name](...what)).catch(() => {});
}

/** A key pressed while the modules are on their way is done when they are here, unless somebody went on typing. */
function isKeptForLater(action, { value }) {
  const box = document.activeElement;
  if (isStarting) started.then(() => box.value === value && actions[action]?.());
  return isStarting;
}

function onClick(event) {
  const opener = event.target.closest("[data-dialog]");
  if (opener && openDialog(opener.dataset.dialog)) event.preventDefault();
  event.target.closest("[data-close]")?.closest("dialog")?.close();
  if (event.target.matches("dialog[open]") && isOutside(event)) event.target.close();
}

/** A click on a dialog's backdrop arrives at the dialog itself. */
function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

/** Who has pressed the button that logs them out: what they typed goes when they have gone, which may fail (strangers.js). */
export const LEAVING = "leaving:";
/** Takes away what this browser keeps of what somebody typed. */
export const forget = (who) => [...["draft", "outbox"].flatMap((kind) => storage.keys(`${kind}:${who}:`)), `emoji:${who}`, `held:${who}`].forEach(storage.remove);
const isLeaving = () => Boolean(storage.read(LEAVING + page.me.username));

/** Where this person's words wait that the server does not have, and will wait for them. */
export const kept = () => (isLeaving() ? [] : ["draft", "outbox"].flatMap((kind) => storage.keys(`${kind}:${page.me.username}:`)));

/** What a line has lost is fetched until it is here; some browsers remember that it failed, and need the page anew. */
async function fetchModules(load, wait = LIMITS.again) {
  const modules = await Promise.all(load()).catch(() => null);
  if (isStarting) sayIncomplete(!modules);
  return modules ?? new Promise((go) => { setTimeout(go, wait); }).then(() => fetchModules(load, Math.min(wait * 2, LIMITS.patience / 2)));
}

function sayIncomplete(isIncomplete) {
  document.getElementById("unstarted")?.remove();
  const banner = document.getElementById("banner");
  if (!banner || banner.hidden === !isIncomplete) return;
  banner.hidden = !isIncomplete;
  banner.firstElementChild.textContent = t("incomplete");
  Object.assign(banner.lastElementChild, { textContent: t("reload"), onclick: isIncomplete ? () => location.reload() : null });
}

/** What was written before, and below it what was typed while the modules were on their way. */
export function writtenWith(draft, typed) {
  const written = storage.read(draft) ?? "";
  return `\n${written}`.endsWith(`\n${typed}`) ? written : [written, typed].filter(Boolean).join("\n");
}

/** What is typed before there is who keeps it. */
function keepTyped() {
  const [box, draft] = [document.getElementById("message"), `draft:${page.me?.username}:${page.room?.slug}`];
  if (isStarting && box?.value) storage.write(draft, writtenWith(draft, box.value));
}

function startRoom(connection, rooms, [{ Timeline }, { Composer }, { offerActions }]) {
  const timeline = new Timeline(connection, rooms), composer = new Composer(connection, timeline);
  Object.assign(actions, {
    sendByEnter: () => composer.sendByEnter(),
    send: () => composer.send(),
    type: (event) => composer.typeAnywhere(event),
    ...offerActions(connection, timeline, composer),
    escape: () => !composer.hasSetOff && (connection.dismiss() || composer.dropReply() || (composer.isIdle && timeline.finishReading())),
  });
}

async function startChat() {
  // A page that was only fetched in advance makes nobody be here.
  if (document.prerendering) await new Promise((go) => document.addEventListener("prerenderingchange", go, { once: true }));
  // Somebody who may join a room, but is not in it, sees neither messages nor a box to write in.
  const isRoom = Boolean(document.getElementById("composer"));
  const load = () => [import("./socket.js"), import("./rooms.js"), ...(isRoom ? [import("./timeline.js"), import("./composer.js"), import("./message.js")] : [])];
  const [{ Connection }, { Rooms, toggleSwitcher }, ...more] = await fetchModules(load);
  const connection = new Connection(), rooms = new Rooms(connection);
  document.getElementById("jump").addEventListener("click", (event) => { event.preventDefault(); toggleSwitcher(rooms); });
  Object.assign(actions, {
    openSwitcher: () => toggleSwitcher(rooms),
    previousRoom: () => rooms.step(-1), nextRoom: () => rooms.step(1),
    previousUnread: () => rooms.step(-1, true), nextUnread: () => rooms.step(1, true),
    escape: () => connection.dismiss(),
  });
  const leave = () => (storage.write(LEAVING + page.me.username, "true"), isLeaving() || forget(page.me.username), connection.leave()); // it may be full
  connection.on("hello", () => storage.remove(LEAVING + page.me.username)); // they are still here
  document.querySelectorAll('form[action="/logout"]').forEach((form) => form.addEventListener("submit", leave));
  if (isRoom) startRoom(connection, rooms, more);
  // It was joined in another place; a page that was shown while it was ours has no box any more, either.
  connection.on("roomAdded", (frame) => frame.room === page.room?.slug && !document.getElementById("message") && location.reload());
  connection.start();
  fetchModules(() => [import("./presence.js")]).then(([{ Presence }]) => new Presence(connection));
  // From here on, or from the moment when they are turned on in another tab.
  let notifications;
  const tell = () => storage.read(`notifications:${page.me.username}`) && (notifications ??= import("./notifications.js").then(({ Notifications }) => new Notifications(connection)));
  tell();
  addEventListener("storage", tell);
}

/** A page that holds its own styles leaves the sheet of the next to the first sign that somebody may go there. */
function fetchNext(style) {
  const stirred = new AbortController();
  const onStir = ({ type, movementX, movementY }) => {
    if (type === "pointermove" && !movementX && !movementY) return; // the page came under a pointer that rests
    stirred.abort();
    document.head.append(Object.assign(make("link"), { rel: "stylesheet", media: "not all", href: style.dataset.next }));
  };
  for (const sign of ["pointermove", "pointerdown", "keydown"]) addEventListener(sign, onStir, { signal: stirred.signal, capture: true });
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
addEventListener("pagehide", keepTyped);
document.querySelectorAll("style[data-next]").forEach(fetchNext);
if (document.querySelector("[data-show]")) import("./passwords.js").catch(() => {});
if (document.querySelector("[data-copy]")) import("./copying.js").catch(() => {});
if (!page.me) import("./strangers.js").catch(() => {});
if (document.querySelector("main [role=status]:not([hidden], [id])")) import("./outcomes.js").catch(() => {});
if (!CSS.supports("field-sizing", "content")) import("./growing.js").catch(() => {});
let isStarting = Boolean(page.me);
// Not awaited at the top level: the modules loaded there import this one, and would wait for it for ever.
/** Settled when all that acts on this page is here. */
export const started = isStarting && startChat().finally(() => { isStarting = false; });
