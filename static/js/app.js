/**
 * Starts what a page needs, and holds what every module shares: the numbers, the page's words, storage that never
 * throws, and the one table of keys, which also fills the shortcuts dialog. All else is loaded for signed-in people only.
 */

/** Every number of the interface. Milliseconds unless the name says otherwise. */
export const LIMITS = Object.freeze({
  pageRows: 50,
  windowRows: 300,
  windowSlackRows: 20,
  followPixels: 100,
  groupWithin: 5 * 60_000,
  flash: 2_000,
  hole: 300,
  read: 500,
  announce: 1_000,
  announceCharacters: 200,
  farScreens: 2,
  answer: 10_000,
  again: 2_000,
  sending: 800,
  banner: 2_000,
  countdownFromSeconds: 5,
  retrySeconds: Object.freeze([2, 4, 8, 16, 30]),
  healthy: 60_000,
  heartbeat: 25_000,
  missedHeartbeats: 2,
  stale: 60_000,
  typing: 3_000,
  typingSeen: 6_000,
  counterShare: 0.1,
  unreadShown: 99,
  subscribeAtOnce: 10,
  reconcileRows: 200,
  refresh: 1_000,
  refreshNames: 10_000,
  copied: 2_000,
  undo: 5_000,
  longPress: 600,
  idle: 5 * 60_000,
  hidden: 5_000,
  words: 2_000,
});

/** What the server says about this page; empty where nobody is signed in. */
export const page = JSON.parse(document.getElementById("page")?.textContent || "{}");

const language = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);
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

/** localStorage that shrugs where the browser forbids it or it is full. */
export const storage = {
  read(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  write(key, value) {
    try { localStorage.setItem(key, value); } catch { /* the text is still on the page */ }
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

/** What a message says to who does not see it. */
const wording = ({ content, attachments = [] }) => content || attachments.map((file) => file.alt || file.name).join(", ");

const unspoken = [];
let speaking = 0;

/** New messages are spoken at most once a second; what comes faster is counted. */
export function announceMessage(message) {
  unspoken.push(message);
  speaking ||= setTimeout(speak);
}

function speak() {
  const [first, ...more] = unspoken.splice(0);
  speaking = first && setTimeout(speak, LIMITS.announce);
  if (!first) return;
  announce(more.length ? tn("new_messages", more.length + 1) : t("announce", { name: first.display_name, text: wording(first).slice(0, LIMITS.announceCharacters) }));
}

/** Opens a modal dialog; the browser gives the focus back when it closes. */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  if (id === "shortcuts") import("./shortcuts.js").then(({ fillShortcuts }) => fillShortcuts()).catch(() => {});
  return dialog;
}

/** What keys do: filled in at the start by those who can do it. An action that returns false leaves the key to the browser. */
const actions = { openShortcuts: () => Boolean(openDialog("shortcuts")), search: () => location.assign(document.getElementById("search-here")?.href ?? "/search") };

/** The table of keys. Without an action the browser does it already, and the row is only for the dialog. */
export const KEYS = Object.freeze([
  { group: "keys_move", keys: "Mod+K", text: "key_switcher", scope: "page", action: "openSwitcher", isForLayers: true },
  { group: "keys_move", keys: "Alt+ArrowUp", text: "key_previous_room", scope: "page", action: "previousRoom" },
  { group: "keys_move", keys: "Alt+ArrowDown", text: "key_next_room", scope: "page", action: "nextRoom" },
  { group: "keys_move", keys: "Alt+Shift+ArrowUp", text: "key_previous_unread", scope: "page", action: "previousUnread" },
  { group: "keys_move", keys: "Alt+Shift+ArrowDown", text: "key_next_unread", scope: "page", action: "nextUnread" },
  { group: "keys_move", keys: "Mod+Shift+F", text: "key_search", scope: "page", action: "search" },
  { group: "keys_move", keys: "Mod+/", text: "key_shortcuts", scope: "page", action: "openShortcuts", isForLayers: true },
  { group: "keys_move", keys: "Escape", text: "key_escape", scope: "page", action: "escape" },
  { group: "keys_message", keys: "Enter", text: "key_send", scope: "composer", action: "sendByEnter" },
  { group: "keys_message", keys: "Mod+Enter", text: "key_send_always", scope: "composer", action: "send" },
  { group: "keys_message", keys: "Shift+Enter", text: "key_newline", scope: "composer" },
  { group: "keys_message", keys: "ArrowUp", text: "key_edit_last", scope: "composer", action: "editLast" },
  { group: "keys_message", keys: "A…Z", text: "key_type", scope: "page" },
  { group: "keys_timeline", keys: "ArrowUp", text: "key_older_message", scope: "log", action: "rowAbove" },
  { group: "keys_timeline", keys: "ArrowDown", text: "key_newer_message", scope: "log", action: "rowBelow" },
  { group: "keys_timeline", keys: "Home", text: "key_first_message", scope: "log", action: "firstRow" },
  { group: "keys_timeline", keys: "End", text: "key_last_message", scope: "log", action: "lastRow" },
  { group: "keys_timeline", keys: "R", text: "key_reply", scope: "log", action: "replyRow" },
  { group: "keys_timeline", keys: "E", text: "key_edit", scope: "log", action: "editRow" },
  { group: "keys_timeline", keys: "U", text: "key_unread", scope: "log", action: "unreadRow" },
  { group: "keys_timeline", keys: "Delete", text: "key_delete", scope: "log", action: "deleteRow" },
  { group: "keys_timeline", keys: "C", text: "key_copy", scope: "log", action: "copyRow" },
  { group: "keys_timeline", keys: "?", text: "key_shortcuts", scope: "log", action: "openShortcuts" },
]);

function isPressed(keys, event) {
  const modifiers = keys.split("+");
  const key = modifiers.pop();
  // A symbol may need Shift on one keyboard and not on another: its label is what counts.
  const isSymbol = /^[^a-z0-9]$/i.test(key);
  return event.key.toLowerCase() === key.toLowerCase()
    && (isApple ? event.metaKey : event.ctrlKey) === modifiers.includes("Mod")
    && !(isApple ? event.ctrlKey : event.metaKey)
    && event.altKey === modifiers.includes("Alt")
    && (isSymbol || event.shiftKey === modifiers.includes("Shift"));
}

function isInScope(entry, target) {
  // An open layer has its own keys, and the browser closes it with Escape.
  if (document.querySelector("dialog[open], :popover-open") && !entry.isForLayers) return false;
  if (entry.scope === "composer") return target.id === "message";
  return entry.scope === "page" || Boolean(target.closest?.("#timeline") && !target.matches("input, textarea"));
}

/** Enter that ends a composition must not send; Safari ends it first and only keyCode still tells. */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

function onKey(event) {
  if (event.defaultPrevented || isComposing(event)) return;
  const entry = KEYS.find((each) => each.action && isInScope(each, event.target) && isPressed(each.keys, event));
  const act = actions[entry?.action];
  if (entry && (act ? act() !== false : isKeptForLater(entry.action))) event.preventDefault();
  else actions.type?.(event);
}

/** A key pressed while the modules are on their way is done when they are here. */
function isKeptForLater(action) {
  if (isStarting) started.then(() => actions[action]?.());
  return isStarting;
}

function onClick(event) {
  const opener = event.target.closest("[data-dialog]");
  if (opener && openDialog(opener.dataset.dialog)) event.preventDefault();
  event.target.closest("[data-close]")?.closest("dialog")?.close();
  if (event.target.matches("dialog[open]") && isOutside(event)) event.target.close();
  const copier = event.target.closest("[data-copy]");
  if (copier) import("./copying.js").then(({ copy }) => copy(copier)).catch(() => {});
}

/** A click on a dialog's backdrop arrives at the dialog itself. */
function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

/** Where this person's words wait that the server does not have. */
export const kept = () => ["draft", "outbox"].flatMap((kind) => storage.keys(`${kind}:${page.me.username}:`));

/** What is typed here belongs to the person, not to the browser: it goes when they do. */
const forget = () => [...kept(), `emoji:${page.me.username}`].forEach(storage.remove);

async function startRoom(connection, rooms) {
  const [{ Timeline }, { Composer }, { offerActions }] = await Promise.all([
    import("./timeline.js"), import("./composer.js"), import("./message.js"),
  ]);
  const timeline = new Timeline(connection, rooms);
  const composer = new Composer(connection, timeline);
  Object.assign(actions, {
    sendByEnter: () => composer.sendByEnter(),
    send: () => composer.send(),
    type: (event) => composer.typeAnywhere(event),
    ...offerActions(connection, timeline, composer),
    escape: () => connection.dismiss() || composer.dropReply() || (composer.isIdle && timeline.finishReading()),
  });
}

async function startChat() {
  // A page that was only fetched in advance makes nobody be here.
  if (document.prerendering) await new Promise((go) => document.addEventListener("prerenderingchange", go, { once: true }));
  const [{ Connection }, { Rooms, toggleSwitcher }] = await Promise.all([import("./socket.js"), import("./rooms.js")]);
  const connection = new Connection();
  const rooms = new Rooms(connection);
  document.getElementById("jump").addEventListener("click", (event) => { event.preventDefault(); toggleSwitcher(rooms); });
  Object.assign(actions, {
    openSwitcher: () => toggleSwitcher(rooms),
    previousRoom: () => rooms.step(-1),
    nextRoom: () => rooms.step(1),
    previousUnread: () => rooms.step(-1, true),
    nextUnread: () => rooms.step(1, true),
    escape: () => connection.dismiss(),
  });
  const leave = () => (forget(), connection.leave());
  document.querySelectorAll('form[action="/logout"]').forEach((form) => form.addEventListener("submit", leave));
  // Somebody who may join a room, but is not in it, sees neither messages nor a box to write in.
  if (document.getElementById("composer")) await startRoom(connection, rooms);
  connection.start();
  import("./presence.js").then(({ Presence }) => new Presence(connection));
  if (storage.read(`notifications:${page.me.username}`)) import("./notifications.js").then(({ Notifications }) => new Notifications(connection));
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
if (document.querySelector("[data-show]")) import("./passwords.js").catch(() => {});
document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
if (!page.me) navigator.clearAppBadge?.().catch(() => {}); // nobody is wanted where nobody is signed in
let isStarting = Boolean(page.me);
// Not awaited at the top level: the modules loaded there import this one, and would wait for it for ever.
const started = isStarting && startChat().finally(() => { isStarting = false; });
