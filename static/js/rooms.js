/**
 * The rooms of the sidebar: how much is unread in each, here and in the title, what has been read, the way from one
 * to the next, and to the dialog that finds one.
 */
import { LIMITS, openDialog, page } from "./app.js";
import { isNamed } from "./message.js";

const open = page.room?.slug;
const plain = (title) => title.replace(/^\(\d+\+?\) /, "");
const shown = (count) => (count > LIMITS.unreadShown ? `${LIMITS.unreadShown}+` : String(count));

export class Rooms {
  #connection;
  #icon = document.querySelector('link[rel="icon"]');
  #plainIcon = this.#icon?.href;
  /** @type {Map<string, {link: HTMLAnchorElement, index: number, read: number, told: number, named: Set<number>}>} */
  #rooms = new Map();
  #newestRead = () => 0;
  #looking = 0;
  #inSight = 0;
  #refreshing = 0;
  #isFresh = true;
  #title = plain(document.title);

  constructor(connection) {
    this.#connection = connection;
    this.#collect();
    connection.on("hello", () => this.#onHello());
    connection.on("messages", (frame) => this.#grow(frame.room, frame.messages));
    connection.on("read", (frame) => this.#markRead(frame.room, frame.index));
    for (const event of ["roomAdded", "roomRemoved", "roomChanged", "levelChanged"]) connection.on(event, () => this.#refreshWithin(LIMITS.refresh));
    connection.on("userChanged", () => this.#refreshWithin(LIMITS.refreshNames));
    for (const type of ["focus", "blur"]) addEventListener(type, () => this.look());
    document.addEventListener("visibilitychange", () => this.look());
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
  step(by, isUnread = false) {
    const rooms = this.all.filter(({ isListed }) => isListed);
    const here = rooms.findIndex(({ link }) => link.dataset.room === open);
    const start = here < 0 && by < 0 ? 0 : here;
    for (let n = 1; n <= rooms.length; n++) {
      const room = rooms.at((start + n * by) % rooms.length);
      if (room.link.dataset.room !== open && (!isUnread || room.unread || room.named)) return void room.link.click();
    }
  }

  /** Asks `newestRead(readBefore)` how far the open room is in sight. */
  watch(newestRead) {
    this.#newestRead = newestRead;
    this.look();
  }

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
      const still = Math.min(first, this.#seen(room));
      if (still > room.read) this.#markRead(open, still);
      this.#tellRead(open, room);
      this.look();
    }, LIMITS.read);
  }

  /** What somebody is looking at right now is not held against them while it counts as read in a moment. */
  #known(slug, { read }) { return Math.max(read, slug === open ? this.#inSight : 0); }
  #unread(slug, room) { return Math.max(0, room.index - this.#known(slug, room)); }
  #named(slug, room) { return [...room.named].filter((index) => index > this.#known(slug, room)).length; }

  #seen(room) {
    const isThere = document.visibilityState === "visible" && document.hasFocus();
    return isThere ? this.#newestRead(room.read) : 0;
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
    const answer = await fetch("/api/v1/rooms").catch(() => null);
    if (!answer?.ok) return;
    const mine = (await answer.json()).rooms.filter(({ role }) => role);
    if (mine.length !== this.#rooms.size || !mine.every((room) => this.#isDrawn(room))) this.#refreshWithin(0);
  }

  #isDrawn({ slug, title, topic, mentions }) {
    const room = this.#rooms.get(slug);
    const isSame = room?.link.querySelector(".n").textContent === title && room.named.size >= mentions;
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
      const answer = await this.#connection.request("subscribe", { room: slug, limit: 0 });
      Object.assign(this.#rooms.get(slug) ?? {}, { index: answer.index });
      this.#markRead(slug, answer.read_index);
      this.#draw();
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
      // One's own words are not news to oneself; the server counts the same way.
      if (username === page.me.username && index === room.read + 1) room.read = index;
      room.index = Math.max(room.index, index);
    }
    this.#draw();
  }

  #markRead(slug, index) {
    const room = this.#rooms.get(slug);
    if (!room || index <= room.read) return;
    room.read = index;
    this.#draw();
  }

  async #tellRead(slug, room) {
    const index = room.read;
    if (index <= room.told) return;
    const answer = await this.#connection.request("markRead", { room: slug, index }).catch(() => null);
    if (!answer) return;
    room.told = Math.max(room.told, index);
    room.link.dataset.read = room.told;
  }

  #refreshWithin(most) {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => this.#refresh(open ? `/rooms/${open}` : "/rooms"), most * Math.random());
  }

  /** The lists as the server draws them: rooms come, go and change their names without a second picture of them here. */
  #refresh(url) {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.addEventListener("load", () => {
      if (request.status === 200) this.#adopt(request.response);
      else if (url !== "/rooms") this.#refresh("/rooms");
    });
    request.send();
  }

  #adopt(fetched) {
    const focused = document.activeElement.closest(".room-link")?.dataset.room;
    for (const part of [".rooms", ".roomhead", ".members"]) {
      const [ours, theirs] = [document, fetched].map((each) => each.querySelector(part));
      if (ours && theirs) ours.replaceChildren(...theirs.childNodes);
    }
    if (open && fetched.querySelector(".roomhead")) this.#title = plain(fetched.title);
    const known = new Set(this.#rooms.keys());
    this.#collect();
    this.#subscribe([...this.#rooms.keys()].filter((slug) => !known.has(slug)));
    this.#rooms.get(focused)?.link.focus();
    document.dispatchEvent(new Event("redrawn"));
  }

  #collect() {
    const rooms = new Map();
    for (const link of document.querySelectorAll("#sidebar .room-link")) {
      const slug = link.dataset.room;
      const [index, read] = [Number(link.dataset.index), Number(link.dataset.read)];
      const known = this.#rooms.get(slug) ?? { index, read, told: read, named: [] };
      const named = new Set([...known.named, ...(link.dataset.named?.split(" ").map(Number) ?? [])]);
      rooms.set(slug, { link, named, index: Math.max(index, known.index), read: Math.max(read, known.read), told: Math.max(read, known.told) });
    }
    this.#rooms = rooms;
    this.#draw();
  }

  #draw() {
    const rooms = this.all;
    const total = rooms.reduce((sum, { unread }) => sum + unread, 0);
    for (const { link, unread, named, isListed } of rooms) {
      link.parentElement.hidden = !isListed;
      count(link.querySelector(".named"), named);
      link.classList.toggle("unread", unread > 0);
      count(link.querySelector(".count, .badge"), unread);
    }
    const elsewhere = total - (rooms.find(({ link }) => link.dataset.room === open)?.unread ?? 0);
    count(document.getElementById("menu-unread"), elsewhere);
    const title = total ? `(${shown(total)}) ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
    if (this.#icon?.dataset.unread) this.#icon.href = total ? this.#icon.dataset.unread : this.#plainIcon;
  }
}

/** Writes a number before the word that is there for listeners. */
function count(badge, number) {
  if (!badge) return;
  badge.hidden = !number;
  if (badge.firstChild?.data !== shown(number)) badge.firstChild.data = shown(number);
}

let switcher = null;

/** Opens the dialog at once, so that what is typed while its module comes is typed into it. */
export function toggleSwitcher(rooms) {
  const dialog = document.getElementById("switcher");
  if (dialog.open) return void dialog.close();
  document.getElementById("switcher-input").value = "";
  openDialog("switcher");
  switcher ??= import("./switcher.js").then(({ Switcher }) => new Switcher(rooms));
  switcher.then((loaded) => loaded.search(), () => { switcher = null; });
}
