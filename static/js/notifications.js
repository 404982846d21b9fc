/**
 * Tells of messages outside the page: while it is hidden, or of other rooms than the open one. Of several tabs that hear
 * a message one tells of it; where one shows it to somebody who is there, none does. In quiet hours what would have been
 * told is kept, and what is not read by their end is told then as one number, once in this browser.
 */
import { page, storage, tn } from "./app.js";
import { ask, askFor } from "./offers.js";
import { isNamed } from "./message.js";
import { close, show } from "./notices.js";
import { wordsOf } from "./quotes.js";

const KEY = `notifications:${page.me.username}`;
/** By room, the indexes of what is held back: of all tabs together, and there when they are closed. */
const HELD_KEY = `held:${page.me.username}`;
const MOST_HELD = 1000;
/** A tab that shows the room is quicker than this, and tabs hear a message this close to each other. */
const ELECTION = 300;
const HELD = 10_000;
const LATEST_TIMER = 2 ** 31 - 1;
const linkOf = (slug) => document.querySelector(`#sidebar .room-link[data-room="${CSS.escape(slug)}"]`);
const isThere = () => document.visibilityState === "visible" && document.hasFocus();

/** With what is now on the server's clock, for that of this machine may be wrong. */
async function fetched() {
  const answer = await ask("/api/v1/me/notifications");
  if (!answer.ok) throw new Error(answer.status);
  return { ...await answer.json(), now: Date.parse(answer.headers.get("Date")) || Date.now() };
}

export class Notifications {
  /** @type {Map<string, number>} The newest post heard of each room. */
  #tops = new Map();
  #state = Promise.resolve({ words: false, quiet: true, changes_at: null });
  #timer = 0;
  #leaving = new AbortController();

  constructor(connection) {
    connection.on("messages", ({ room, messages }) => messages.forEach((message) => this.#hear(room, message)));
    connection.on("read", ({ room, index }) => this.#forget(room, index));
    // The page where they are set says so to all tabs of this browser.
    addEventListener("storage", (event) => event.key === KEY && this.#ask());
    // A lock that is held would keep the page out of the back/forward cache.
    addEventListener("pagehide", () => { this.#leaving.abort(); this.#leaving = new AbortController(); });
    this.#ask();
  }

  /** Asks the server how much may be told now, and again when that changes. */
  #ask() {
    // Unknown, nothing is told: rather late than in the night.
    this.#state = fetched().catch(() => ({ words: false, quiet: true, changes_at: new Date(Date.now() + 60_000), now: Date.now() }));
    this.#state.then((state) => this.#follow(state));
  }

  #follow({ quiet, changes_at: moment, now, push }) {
    clearTimeout(this.#timer);
    if (push && !push.subscribed) import("./push.js").then(({ renew }) => renew(push.key)).catch(() => {});
    const wait = Math.max(1000, new Date(moment) - now);
    if (moment) this.#timer = setTimeout(() => this.#ask(), Math.min(wait, LATEST_TIMER));
    if (!quiet && storage.read(HELD_KEY)) this.#tellHeld();
  }

  /** Changes what is held back, one tab at a time; returns how it was. */
  #change(how) {
    return navigator.locks?.request(HELD_KEY, () => {
      const held = JSON.parse(storage.read(HELD_KEY) ?? "{}");
      const changed = how({ __proto__: null, ...held });
      if (changed) storage.write(HELD_KEY, JSON.stringify(changed));
      else storage.remove(HELD_KEY);
      return held;
    });
  }

  /** The first tab that comes takes it all. */
  async #tellHeld() {
    const held = await this.#change(() => null);
    const unread = Object.entries(held ?? {}).flatMap(([slug, indexes]) => {
      const link = linkOf(slug);
      return link ? indexes.filter((index) => index > Number(link.dataset.read)) : [];
    });
    if (unread.length) this.#tell("held", page.me.display_name, tn("new_messages", unread.length), "/rooms");
  }

  #hold(slug, index) {
    this.#change((held) => ({ ...held, [slug]: [...(held[slug] ?? []), index].slice(-MOST_HELD) }));
  }

  async #hear(slug, message) {
    const link = linkOf(slug);
    const top = this.#tops.get(slug) ?? Number(link?.dataset.index ?? 0);
    if (!link || message.index <= top) return;
    this.#tops.set(slug, message.index);
    if (message.deleted || message.username === page.me.username || !(await this.#isMeant(link.dataset, slug, message))) return;
    const isSeen = slug === page.room?.slug && isThere();
    this.#elect(`${slug}/${message.index}`, () => this.#notify(link, slug, message), isSeen);
  }

  /** By how much the person wants to hear of the room; of a reply the server says whose words it answers. */
  async #isMeant({ level = "all", kind }, slug, message) {
    if (level === "nothing") return false;
    if (level === "all" || kind === "direct" || isNamed(message)) return true;
    if (!message.reply_to) return false;
    const original = await askFor(`/api/v1/rooms/${slug}/messages/${message.reply_to}`).catch(() => null);
    return original?.username === page.me.username;
  }

  /** Does it in one tab of this browser: in none where it `isSeen`. */
  #elect(what, act, isSeen = false) {
    const { signal } = this.#leaving;
    const take = () => navigator.locks?.request(`notifications ${what}`, { ifAvailable: true }, (lock) => {
      if (!lock || signal.aborted) return undefined;
      if (!isSeen) act();
      return new Promise((go) => { setTimeout(go, HELD); signal.addEventListener("abort", go); });
    });
    if (isSeen) take();
    else setTimeout(take, ELECTION);
  }

  async #notify(link, slug, message) {
    const state = await this.#state;
    if (state.quiet) return void this.#hold(slug, message.index);
    const name = link.querySelector(".n").textContent;
    const title = link.dataset.kind === "direct" ? message.display_name : `${message.display_name} · #${name}`;
    const body = state.words ? wordsOf(message) : tn("new_messages", 1);
    this.#tell(slug, title, body, `/rooms/${slug}/${message.index}`, message.index);
  }

  #tell(tag, title, body, url, index = 0) {
    if (!storage.read(KEY) || self.Notification?.permission !== "granted") return;
    show(title, { body, tag, url, index }).catch(() => {});
  }

  /** Of what was read elsewhere nothing is told any more, nor later. */
  #forget(slug, read) {
    close(slug, read);
    if (!storage.read(HELD_KEY)) return;
    this.#change(({ [slug]: indexes = [], ...rest }) => ({ ...rest, [slug]: indexes.filter((index) => index > read) }));
  }
}
