/** The rooms of the sidebar: how much is unread in each, here and in the title, what has been read, the way to the next. */
import { LIMITS, openDialog, page, storage } from "./app.js";
import { isNamed } from "./message.js";
import { askFor, worded } from "./offers.js";

const open = page.room?.slug;
/** What is told of messages outside the page says what they show, not how it was typed. */
const isTelling = () => Boolean(storage.read(`notifications:${page.me.username}`));
/** A mention is one of what is unread, where that is counted. */
const news = ({ unread, named }) => Math.max(unread, named);
/** Of that, what is meant for the reader: mentions, and all of a direct room. */
const mine = ({ link, unread, named }) => (link.dataset.kind === "direct" ? unread : named);
const sum = (rooms, of) => rooms.reduce((total, room) => total + of(room), 0);
const shown = (count) => (count > LIMITS.unreadShown ? `${LIMITS.unreadShown}+` : String(count));

export class Rooms {
  #connection;
  #icon = document.querySelector('link[rel="icon"]');
  #plainIcon = this.#icon?.href;
  /** @type {Map<string, {link: HTMLAnchorElement, index: number, read: number, told: number, turn: number, named: Set<number>}>} */
  #rooms = new Map();
  #isHeld = false;
  #timeline = null;
  #looking = 0;
  #inSight = 0;
  /** The first and the last index of what has been in sight without a gap. */
  #span = [Infinity, -Infinity];
  #refreshing = 0;
  #isFresh = true;
  #title = document.title;

  constructor(connection) {
    this.#connection = connection;
    this.#collect();
    document.querySelector("#sidebar [aria-current]")?.scrollIntoView({ block: "nearest" }); // one of a hundred
    connection.on("hello", () => this.#onHello());
    connection.on("messages", (frame) => this.#grow(frame.room, frame.messages));
    connection.on("read", (frame) => this.hearRead(frame.room, frame.index, frame.turn));
    connection.on("roomRemoved", (frame) => Object.assign(this.#rooms.get(frame.room) ?? {}, { turn: 0 }));
    for (const event of ["roomAdded", "roomRemoved", "roomChanged", "levelChanged"]) connection.on(event, () => this.#refreshWithin(LIMITS.refresh));
    connection.on("userChanged", () => this.#refreshWithin(LIMITS.refreshNames));
    for (const type of ["focus", "blur"]) addEventListener(type, () => this.look());
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("pageshow", (event) => event.persisted && this.readOn());
    for (const type of ["pageshow", "storage"]) addEventListener(type, markDrafts);
  }

  /** The rooms in the order of the sidebar, with what their reader wants to know of them. */
  get all() {
    return [...this.#rooms].map(([slug, room]) => {
      const { level = "all", kind } = room.link.dataset;
      const isCounted = level === "all" || (kind === "direct" && level !== "nothing");
      const [unread, named] = [isCounted ? this.#unread(slug, room) : 0, level === "nothing" ? 0 : this.#named(slug, room)];
      return { link: room.link, unread, named, isListed: level !== "hidden" || slug === open || unread + named > 0 };
    });
  }

  /** Goes to the next room in the direction of `by`, with `isUnread` to the next where something is new. */
  step(by, isUnread = false) { import("./lists.js").then(({ step }) => step(this.all, open, by, isUnread)); }

  /** Asks the timeline how far the open room is in sight, and tells it where somebody went back to. */
  watch(timeline) { this.#timeline = timeline; this.look(); }

  /** How far a room goes and has been read, as the answer to a subscription says. */
  hear(slug, { index, read_index: read, read_turn: turn }) {
    Object.assign(this.#rooms.get(slug) ?? {}, { index });
    this.hearRead(slug, read, turn);
    this.#draw();
  }

  /** Where this person has read to: on as ever, or back because they said so, here or elsewhere. */
  hearRead(slug, index, turn = 0) {
    const room = this.#rooms.get(slug);
    if (!room || turn < room.turn) return;
    if (turn === room.turn) return void this.#markRead(slug, index);
    Object.assign(room, { turn, read: index, told: index });
    if (slug === open) this.#hold(index);
    this.#draw();
    this.#refreshWithin(LIMITS.refresh); // who was mentioned in what is unread again
  }

  /** Takes the open room back to before a message, on every device. */
  async markUnread(index) {
    const answer = await this.#connection.request("markUnread", { room: open, index });
    this.hearRead(open, answer.read_index, answer.read_turn);
  }

  /** What somebody went back to is not read on by itself until they say so, or come again. */
  #hold(index) {
    this.#isHeld = true;
    this.#inSight = 0;
    this.#timeline?.beginNewAt(index + 1);
    this.#say(({ sayHeld }) => sayHeld(this.#timeline));
  }

  readOn() {
    this.#isHeld = false;
    document.getElementById("reads")?.remove();
    this.look();
  }

  #say(use) { worded(import("./reads.js")).then(use).catch(() => {}); }

  /** What stays in sight of somebody who is there for half a second has been read. */
  look() {
    const room = this.#rooms.get(open);
    if (!room) return;
    const first = this.#seen(room);
    const isMoved = first !== this.#inSight;
    this.#inSight = first;
    if (isMoved) this.#draw();
    if (this.#looking || first <= room.read) return;
    this.#looking = setTimeout(() => {
      this.#looking = 0;
      this.#readTo(first);
      this.look();
    }, LIMITS.read);
  }

  /** Asks for the room anew: the list may have been redrawn meanwhile. */
  #readTo(index) {
    const room = this.#rooms.get(open);
    if (!room) return;
    const [still, from] = [Math.min(index, this.#seen(room)), room.read + 1];
    this.#markRead(open, still);
    const isFirst = from === page.read_index + 1 && from <= page.index;
    // Whoever went past some, or came back to the end of many, may have meant to read them.
    if (still >= from && (isFirst || this.#span[0] > from)) this.#say(({ offerUndo }) => offerUndo(this, from));
    this.#tellRead(open, room);
  }

  /** What somebody is looking at right now is not held against them while it counts as read in a moment. */
  #known(slug, { read }) { return Math.max(read, slug === open ? this.#inSight : 0); }
  #unread(slug, room) { return Math.max(0, room.index - this.#known(slug, room)); }
  /** Of the open room, also where its reader does not want to be told of all. */
  get unread() { return this.#rooms.has(open) ? this.#unread(open, this.#rooms.get(open)) : 0; }
  #named(slug, room) { return [...room.named].filter((index) => index > this.#known(slug, room)).length; }

  /** The index up to which everything has been in sight, or the newest: who looks at a linked message has not read what is before it. */
  #seen(room) {
    const isThere = document.visibilityState === "visible" && document.hasFocus() && !this.#isHeld;
    if (!isThere || !this.#timeline) return 0;
    const { first, last, newest } = this.#timeline.inSight;
    const [from, to] = this.#span;
    const isJoined = first <= to + 1 && last >= from - 1;
    this.#span = isJoined ? [Math.min(from, first), Math.max(to, last)] : [first, last];
    return this.#span[0] <= room.read + 1 || last === newest ? last : 0;
  }

  #onHello() {
    this.#subscribe([...this.#rooms.keys()]);
    for (const [slug, room] of this.#rooms) this.#tellRead(slug, room);
    if (this.#isFresh) this.#compare();
    else this.#refreshWithin(LIMITS.refresh); // what was read elsewhere meanwhile
    this.#isFresh = false;
  }

  /** What was renamed, joined or left after this page was drawn and before hello, nobody has told. */
  async #compare() {
    const answer = await askFor("/api/v1/rooms").catch(() => null);
    if (!answer?.rooms) return;
    const mine = answer.rooms.filter(({ role }) => role);
    if (mine.length !== this.#rooms.size || !mine.every((room) => this.#isDrawn(room))) this.#refreshWithin(0);
  }

  #isDrawn({ slug, title, topic, mentions, level }) {
    const room = this.#rooms.get(slug);
    const isSame = level === (room?.link.dataset.level ?? "all") && room?.link.querySelector(".n").textContent === title && room.named.size >= mentions;
    return isSame && (slug !== open || (document.querySelector(".roomhead .topic")?.textContent ?? "") === topic);
  }

  /** Hears of every room but the open one, whose messages somebody else asks for; a few at a time, for there may be hundreds. */
  async #subscribe(slugs) {
    const others = slugs.filter((slug) => slug !== open);
    for (let at = 0; at < others.length; at += LIMITS.subscribeAtOnce) {
      await Promise.all(others.slice(at, at + LIMITS.subscribeAtOnce).map((slug) => this.#listen(slug)));
    }
  }

  async #listen(slug) {
    try {
      this.hear(slug, await this.#connection.request("subscribe", { room: slug, limit: 0, html: isTelling() }));
    } catch (error) {
      const isFinal = ["disconnected", "not_found", "forbidden"].includes(error.code);
      if (!isFinal) setTimeout(() => this.#listen(slug), error.retryAfter * 1000 || LIMITS.again);
    }
  }

  #grow(slug, messages) {
    const room = this.#rooms.get(slug);
    if (!room) return;
    for (const message of messages) {
      const { index, username } = message;
      room.named[isNamed(message) ? "add" : "delete"](index);
      // One's own words are not news to oneself when they come; the server counts the same way.
      if (username === page.me.username && index === room.read + 1 && index > room.index) room.read = index;
      room.index = Math.max(room.index, index);
    }
    this.#draw();
  }

  #markRead(slug, index) {
    const room = this.#rooms.get(slug);
    if (!room || index <= room.read) return;
    room.read = index;
    if (slug === open && this.#isHeld) this.readOn(); // they said so in another place
    this.#draw();
  }

  async #tellRead(slug, room) {
    const { read: index, turn } = room;
    if (index <= room.told) return;
    const answer = await this.#connection.request("markRead", { room: slug, index, turn }).catch(() => null);
    if (!answer || turn !== room.turn) return;
    room.told = Math.max(room.told, index);
    room.link.dataset.read = room.told;
  }

  #refreshWithin(most) {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => this.#refresh(open ? `/rooms/${open}` : "/rooms"), most * Math.random());
  }

  /** The lists as the server draws them: rooms come, go and change their names without a second picture of them here. */
  async #refresh(url) {
    const title = await import("./lists.js").then(({ redraw }) => redraw(url)).catch(() => null);
    if (title === null) return void (url !== "/rooms" && this.#refresh("/rooms"));
    if (open && title) this.#title = title;
    const known = new Set(this.#rooms.keys());
    this.#collect();
    this.#subscribe([...this.#rooms.keys()].filter((slug) => !known.has(slug)));
    document.dispatchEvent(new Event("redrawn"));
  }

  #collect() {
    const rooms = new Map();
    for (const link of document.querySelectorAll("#sidebar .room-link")) {
      const slug = link.dataset.room;
      const [index, read, turn] = ["index", "read", "turn"].map((name) => Number(link.dataset[name] ?? 0));
      const before = this.#rooms.get(slug);
      const known = before?.turn >= turn ? before : { index, read, told: read, turn, named: before?.named ?? [] };
      const named = new Set([...known.named, ...(link.dataset.named?.split(" ").map(Number) ?? [])]);
      const [here, told] = [known.read, known.told].map((each) => (turn === known.turn ? Math.max(read, each) : each));
      rooms.set(slug, { link, named, turn: known.turn, index: Math.max(index, known.index), read: here, told });
    }
    this.#rooms = rooms;
    markDrafts();
    this.#draw();
  }

  #draw() {
    const rooms = this.all;
    const [total, wanted] = [news, mine].map((of) => sum(rooms, of));
    for (const { link, unread, named, isListed } of rooms) {
      link.parentElement.hidden = !isListed;
      count(link.querySelector(".named"), named);
      link.classList.toggle("unread", unread > 0);
      count(link.querySelector(".count, .badge"), unread);
    }
    count(document.getElementById("menu-unread"), sum(rooms.filter(({ link }) => link.dataset.room !== open), news));
    const title = `${wanted ? `(${shown(wanted)}) ` : total ? "* " : ""}${this.#title}`;
    if (document.title !== title) document.title = title;
    if (this.#icon?.dataset.unread) this.#icon.href = total ? this.#icon.dataset.unread : this.#plainIcon;
    setBadge(wanted);
    this.#timeline?.drawPill();
  }
}

/** Where something is written and not sent, or was when this was last looked at. */
function markDrafts() {
  if (document.querySelector("#sidebar .draft") || storage.keys(`draft:${page.me.username}:`).length) worded(import("./drafts.js")).then(({ mark }) => mark()).catch(() => {});
}

let badge = NaN;
/** On the icon of the installed app stands the same number as in the title; few browsers have one. */
function setBadge(number) {
  if (badge === number) return;
  badge = number;
  if (navigator.setAppBadge) (number ? navigator.setAppBadge(number) : navigator.clearAppBadge()).catch(() => {});
}

/** Writes a number before the word that is there for listeners. */
function count(place, number) {
  if (!place) return;
  place.hidden = !number;
  if (place.firstChild?.data !== shown(number)) place.firstChild.data = shown(number);
}

let switcher = null;

/** Opens the dialog at once, so that what is typed while its module comes is typed into it. */
export function toggleSwitcher(rooms) {
  const dialog = document.getElementById("switcher");
  if (dialog.open) return void dialog.close();
  document.getElementById("switcher-input").value = "";
  openDialog("switcher");
  switcher ??= worded(import("./switcher.js")).then(({ Switcher }) => new Switcher(rooms));
  switcher.then((loaded) => loaded.search(), () => { switcher = null; });
}
