/**
 * Brings what is missing from the open room's window, a page at a time, as soon as somebody comes near, and shows where it
 * is missing until it is here.
 */
import { LIMITS, page, t } from "./app.js";
import { worded } from "./offers.js";
import { retryDelay } from "./socket.js";

/** What it is asked for by: the end that stays where it is when nothing comes. */
const key = ({ isPast, from, to }) => (isPast ? to : from);

export class Continuity {
  #connection;
  #timeline;
  #log = document.getElementById("timeline");
  #older = document.getElementById("older");
  #label = this.#older.textContent;
  #asked = null;
  /** @type {Map<number, {state: "lost"|"failed", to: number, tries: number, isResting: boolean}>} what did not come, up to where, and why */
  #failures = new Map();
  #holes = null;
  #timer = 0;

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
    this.#older.addEventListener("click", (event) => this.#follow(event, timeline.past));
  }

  /** Asks for what is missing within a screen of what is in sight. */
  fill() {
    if (!this.#connection.isOnline || this.#asked) return;
    const { top, bottom, height } = this.#log.getBoundingClientRect();
    const isNear = ({ above }) => {
      const at = above.getBoundingClientRect().bottom;
      return at > top - height && at < bottom + height;
    };
    const wanted = [this.#timeline.past, ...this.#timeline.gaps].filter(({ from, to }) => from <= to);
    const gap = wanted.find((each) => !this.#failures.get(key(each))?.isResting && isNear(each));
    if (gap) this.#load(gap);
  }

  /** The server was asked for all of it, and has none. */
  isLost(gap) {
    const { state, to } = this.#failures.get(key(gap)) ?? {};
    return state === "lost" && gap.to <= to;
  }

  /** Shows holes that last: most are filled before anybody could see them. */
  draw(gaps) {
    this.#older.textContent = this.#asked?.isPast ? t("loading_older") : this.#label;
    if (this.#log.querySelector(".hole")) this.#show(gaps);
    else if (gaps.length) this.#timer ||= setTimeout(() => this.#begin(), LIMITS.hole);
  }

  /** There is a connection again: what failed before may come now. */
  forgive() { this.#failures.clear(); }

  /** Another window is shown: what was asked for is not part of it. */
  drop() {
    this.#asked = null;
    this.#failures.clear();
  }

  async #load(gap) {
    this.#asked = gap;
    this.#redraw();
    const { from, to } = gap;
    const limit = Math.min(this.#timeline.hearing.most, to - from + 1);
    const before = gap.isPast ? to + 1 : from + limit;
    const wanted = { room: page.room.slug, before, limit };
    const messages = await this.#connection.request("getRecentMessages", wanted, LIMITS.patience).then((answer) => answer.messages, () => null);
    this.#timeline.hearing.adapt(messages !== null);
    if (this.#asked !== gap) return;
    this.#asked = null;
    if (messages?.some(({ index }) => from <= index && index <= to)) this.#failures.clear();
    else this.#fail(gap, messages ? "lost" : "failed", before - 1);
    this.#timeline.extend(messages ?? []);
  }

  /** Tries again by itself, less and less often. */
  #fail(gap, state, to) {
    const { tries = 0 } = this.#failures.get(key(gap)) ?? {};
    const failure = { state, to, tries: tries + 1, isResting: true };
    this.#failures.set(key(gap), failure);
    setTimeout(() => { failure.isResting = false; this.fill(); }, retryDelay(tries));
  }

  /** Without a connection the link leads to a page that has them. */
  #follow(event, gap) {
    if (!this.#connection.isOnline) return;
    event.preventDefault();
    this.#failures.delete(key(gap));
    if (!this.#asked) this.#load(gap);
  }

  async #begin(again = "", tries = 0) {
    this.#holes ??= await worded(import(`./holes.js${again}`)).catch(() => null);
    if (!this.#holes) return void setTimeout(() => this.#begin(`?${Date.now()}`, tries + 1), retryDelay(tries));
    this.#timer = 0;
    this.#timeline.steadily(() => this.#show(this.#timeline.gaps));
  }

  #show(gaps) {
    const states = gaps.map((gap) => (this.#asked && key(this.#asked) === key(gap) ? "loading" : this.#failures.get(key(gap))?.state));
    this.#holes.draw(this.#log, gaps, states, (event, gap) => this.#follow(event, gap));
  }

  #redraw() { this.#timeline.steadily(() => {}); }
}
