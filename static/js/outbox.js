/** Texts on their way: what was sent and the server has not confirmed yet. */
import { LIMITS, page, storage, t } from "./app.js";
import { clearState } from "./message.js";
import { retryDelay } from "./socket.js";

const room = page.room?.slug;
const outbox = `outbox:${page.me?.username}:`;

/** @typedef {{key: string, content: string, replyTo?: number, files: object[], row: HTMLElement, state: "waiting"|"sending"|"failed", tries: number, timer?: number}} Letter */

/**
 * Texts on their way. Each keeps one idempotency key from the first try to the last, so a retry or a late answer never
 * makes two messages, and stays in the browser until the server has it.
 */
export class Outbox {
  #connection;
  #timeline;
  /** @type {Map<string, Letter>} in the order they were written */
  #letters = new Map();

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
    timeline.claim = (message) => this.#claim(message);
    timeline.onRepaired = () => this.#goOn();
    document.getElementById("timeline").addEventListener("click", (event) => this.#onClick(event.target));
    addEventListener("storage", (event) => event.newValue === null && this.#onGone(event.key));
    this.#restore();
  }

  /** Shows the text at once and sends it as soon as there is a connection. */
  send(content, replyTo, files) {
    // Not randomUUID: browsers have it only with https or on the same machine.
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const at = new Date().toISOString();
    storage.write(outbox + key, JSON.stringify({ room, content, at, replyTo, files }));
    const letter = this.#add(key, content, at, replyTo, files);
    this.#timeline.catchUp();
    this.#transmit(letter);
  }

  #add(key, content, at, replyTo, files = []) {
    const row = this.#timeline.append(content, at, replyTo, files);
    const letter = { key, content, replyTo, files, row, state: "waiting", tries: 0 };
    letter.row.dataset.clientId = key;
    this.#letters.set(key, letter);
    return letter;
  }

  /** Texts from before a reload are offered again, never sent by themselves: their moment may have passed. */
  #restore() {
    const read = (key) => ({ key: key.slice(outbox.length), ...JSON.parse(storage.read(key)) });
    const kept = storage.keys(outbox).map(read).filter((each) => each.room === room);
    for (const { key, content, at, replyTo, files } of kept.sort((one, other) => one.at.localeCompare(other.at))) {
      this.#fail(this.#add(key, content, at, replyTo, files), t("not_sent_reload"));
    }
  }

  async #transmit(letter) {
    const { key, content, replyTo, files } = letter;
    const attachments = files.map(({ id, alt }) => ({ id, alt }));
    this.#mark(letter, "sending");
    letter.timer = setTimeout(() => this.#say(letter, "sending-template"), LIMITS.sending);
    try {
      const wanted = { room, content, client_id: key, reply_to: replyTo, ...(files.length && { attachments }) };
      const answer = await this.#connection.request("sendMessage", wanted);
      this.#timeline.show([answer.message]);
    } catch (error) {
      if (this.#letters.has(key)) this.#onRefused(letter, error);
    }
  }

  #onRefused(letter, error) {
    const ahead = [...this.#letters.values()].filter(({ state }, at, all) => state === "waiting" && at < all.indexOf(letter)).length;
    if (error.code === "disconnected") this.#wait(letter);
    else if (error.code === "rate_limited") this.#sendAgainIn(letter, Math.max(1, Math.ceil(error.retryAfter)) + ahead, "sends_again_in");
    else if (error.code === "unavailable") this.#sendAgainIn(letter, retryDelay(letter.tries++) / 1000, "unavailable");
    else if (error.code === "timeout") this.#wait(letter, 0);
    else this.#fail(letter, t("not_sent_because", { reason: error.message }));
  }

  /** Without a connection, or an answer, a text waits, says so when that takes long, and goes when the room is heard again. */
  #wait(letter, long = LIMITS.answer) {
    this.#mark(letter, "waiting");
    letter.timer = setTimeout(() => this.#say(letter, "failed-template", t("not_sent_offline")), long);
  }

  /** The key makes it harmless to try as often as it takes. Where it was too much at once each takes its turn, in their order. */
  #sendAgainIn(letter, seconds, sentence) {
    this.#mark(letter, "waiting");
    this.#say(letter, "sending-template", t(sentence, { n: seconds }));
    letter.timer = setTimeout(() => this.#transmit(letter), seconds * 1000);
  }

  #fail(letter, sentence) {
    this.#mark(letter, "failed");
    this.#say(letter, "failed-template", sentence);
  }

  /** After a reconnect: what was not sent goes out; what only seemed to fail may be found among the stored. */
  async #goOn() {
    const letters = [...this.#letters.values()];
    for (const letter of letters) if (letter.state === "waiting") this.#transmit(letter);
    if (!letters.some((letter) => letter.state === "failed")) return;
    const recent = { room, limit: LIMITS.pageRows };
    const { messages } = await this.#connection.request("getRecentMessages", recent).catch(() => ({ messages: [] }));
    this.#timeline.show(messages.filter((message) => this.#letters.has(message.client_id)));
  }

  #claim(message) {
    const letter = message.username === page.me.username && this.#letters.get(message.client_id);
    if (!letter) return null;
    this.#forget(letter);
    letter.row.removeAttribute("aria-busy");
    delete letter.row.dataset.clientId;
    return letter.row;
  }

  #forget(letter) {
    clearTimeout(letter.timer);
    this.#letters.delete(letter.key);
    storage.remove(outbox + letter.key);
  }

  /** Another tab has sent it or thrown it away. */
  #onGone(storageKey) {
    const letter = storageKey?.startsWith(outbox) && this.#letters.get(storageKey.slice(outbox.length));
    if (letter && letter.state !== "sending") this.#discard(letter);
  }

  #onClick(target) {
    const letter = this.#letters.get(target.closest(".msg")?.dataset.clientId);
    if (!letter || !target.closest("[data-retry], [data-discard]")) return;
    document.getElementById("message")?.focus({ preventScroll: true });
    if (target.closest("[data-retry]")) this.#transmit(letter);
    else this.#discard(letter);
  }

  #discard(letter) {
    this.#forget(letter);
    this.#timeline.remove(letter.row);
  }

  #mark(letter, state) {
    clearTimeout(letter.timer);
    letter.state = state;
    letter.row.classList.toggle("pending", state !== "failed");
    letter.row.classList.remove("failed");
    letter.row.setAttribute("aria-busy", String(state !== "failed"));
    this.#timeline.steadily(() => clearState(letter.row));
  }

  /** Puts one of the page's own pictures of a state under the text, with `sentence` in it. */
  #say(letter, template, sentence = "") {
    const state = letter.row.querySelector(".state");
    const picture = document.getElementById(template).content.cloneNode(true);
    if (sentence) picture.querySelector(".sending, .failure").textContent = sentence;
    letter.row.classList.toggle("failed", template === "failed-template");
    letter.row.classList.toggle("pending", template !== "failed-template");
    this.#timeline.steadily(() => {
      state.replaceChildren(picture);
      state.hidden = false;
    });
  }
}
