/**
 * Who is here, and who is typing: tells the server whether this page is in use, and draws what it says of others.
 * Quietly: what changes is there for who looks or listens, and is never announced.
 */
import { LIMITS, page, t } from "./app.js";

const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll", "wheel"];
const WORDS = { online: "presence_online", away: "presence_away", offline: "presence_offline" };
const isSeen = () => document.visibilityState === "visible";

export class Presence {
  #connection;
  /** @type {Map<string, {state: string, status: string}> | null} What is so of whom; null until it has been told. */
  #people = null;
  #usedAt = isSeen() ? Date.now() : 0;
  #told = null;
  #timer = 0;

  constructor(connection) {
    this.#connection = connection;
    connection.on("hello", () => this.#greet());
    connection.on("presence", (frame) => this.#hear(frame));
    for (const sign of SIGNS) addEventListener(sign, () => this.#use(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => this.#use());
    document.addEventListener("redrawn", () => this.#draw());
    if (connection.isOnline) this.#greet();
  }

  #greet() {
    this.#told = null;
    this.#look();
  }

  #use() {
    this.#usedAt = Date.now();
    if (!this.#told || !isSeen()) this.#look();
  }

  /** A page that is looked at is in use for minutes after a key or a movement, one that is hidden for seconds. */
  #look() {
    clearTimeout(this.#timer);
    const left = this.#usedAt + (isSeen() ? LIMITS.idle : LIMITS.hidden) - Date.now();
    this.#tell(left > 0);
    if (left > 0) this.#timer = setTimeout(() => this.#look(), left);
  }

  #tell(active) {
    if (active === this.#told) return;
    this.#told = active;
    this.#connection.request("presence", { active }).catch(() => { this.#told = null; });
  }

  #hear(frame) {
    if (frame.complete) this.#people = new Map();
    const statuses = new Map(Object.entries(frame.statuses ?? {})); // whatever somebody is called
    for (const state of Object.keys(WORDS)) {
      for (const username of frame[state]) this.#people?.set(username, { state, status: statuses.get(username) ?? "" });
    }
    this.#draw();
  }

  #draw() {
    for (const place of this.#people ? document.querySelectorAll("[data-presence]") : []) {
      const known = this.#people.get(place.dataset.presence);
      const state = known?.state ?? "offline";
      // Why somebody who is not here is away, the server has written; what has changed since, it tells.
      if (place.matches(".status")) {
        if (known) place.textContent = known.status;
        continue;
      }
      if (place.dataset.state === state) continue;
      place.dataset.state = state;
      if (!place.classList.contains("dot")) place.textContent = `, ${t(WORDS[state])}`;
    }
  }
}

/** Who else is typing, until they send or fall silent; and telling them the same. */
export class TypingLine {
  #connection;
  #line = document.getElementById("typing");
  #people = new Map();
  #toldAt = 0;

  constructor(connection) {
    this.#connection = connection;
    connection.on("typing", (frame) => frame.room === page.room.slug && this.#note(frame));
    connection.on("messages", (frame) => frame.room === page.room.slug && frame.messages.forEach((message) => this.#forget(message.username)));
  }

  /** At most one word in three seconds that somebody types `text`, and one when they stopped. */
  tell(text) {
    const isActive = /^\s*[^\s/]/.test(text);
    if (isActive ? Date.now() - this.#toldAt < LIMITS.typing : !this.#toldAt) return;
    this.#toldAt = isActive ? Date.now() : 0;
    this.#connection.request("typing", { room: page.room.slug, active: isActive }).catch(() => {});
  }

  #note({ username, display_name: name, active: isActive }) {
    this.#forget(username);
    if (!isActive || username === page.me.username) return;
    this.#people.set(username, { name, timer: setTimeout(() => this.#forget(username), LIMITS.typingSeen) });
    this.#draw();
  }

  #forget(username) {
    clearTimeout(this.#people.get(username)?.timer);
    if (this.#people.delete(username)) this.#draw();
  }

  #draw() {
    const [first, second] = [...this.#people.values()].map((person) => person.name);
    const form = ["", "typing_one", "typing_two"][this.#people.size] ?? "typing_many";
    this.#line.textContent = form && t(form, { name: first, other: second });
  }
}
