/** Writing: the box, in which nothing typed is lost, and the outbox of texts that the server has not confirmed yet. */
import { LIMITS, isOff, later, openDialog, page, storage, t } from "./app.js";
import { clearState } from "./message.js";
import { awaitFiles } from "./offers.js";
import { TypingLine } from "./presence.js";
import { retryDelay } from "./socket.js";

const room = page.room?.slug;
const draft = `draft:${page.me?.username}:${room}`;
/** Where it is kept that what is being written is a reply, and to what. */
export const replyDraft = `${draft}/reply`;
const outbox = `outbox:${page.me?.username}:`;
const isTouch = matchMedia("(pointer: coarse)").matches;
/** On a touch keyboard Enter is a new line, and the button sends; elsewhere somebody may want the same. */
export const sendsByEnter = () => !isTouch && !isOff("enter");

export class Composer {
  #connection;
  #outbox;
  #form = document.getElementById("composer");
  #input = document.getElementById("message");
  #button = this.#form.querySelector(".send");
  #counter = document.getElementById("counter");
  #replyTo = this.#form.elements.reply_to;
  #bar = document.getElementById("replying");
  #typing;
  #luggage = null;
  #load;
  #isHeld = false;
  /** Texts that go with the next message as files; and what the browser keeps of them and of what is in the box. */
  #going = new Set();
  #kept = "";

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#outbox = new Outbox(connection, timeline);
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    // A pressed button must not take the focus: on a phone the keyboard would go away and come back.
    this.#button.addEventListener("mousedown", (event) => event.preventDefault());
    this.#input.addEventListener("input", () => this.#onInput());
    // With the first sign that begins a name, here or where a message is written anew.
    document.addEventListener("input", ({ target }) => /[@#:/]/.test(target.value) && import("./completion.js").catch(() => {}));
    this.#form.querySelector(".smile").addEventListener("click", () => later("insertEmoji", this.#input));
    this.#bar.querySelector("a").addEventListener("click", (event) => { event.preventDefault(); this.dropReply(); });
    document.addEventListener("select", () => later("awaitLinks"), { once: true });
    if (page.limits.file) this.#load = awaitFiles(this.#form, () => this.send(), (luggage) => { this.#luggage = luggage; });
    timeline.onLost = () => this.#close();
    connection.on("roomRemoved", (frame) => frame.room === room && this.#close());
    this.#typing = new TypingLine(connection);
    // Below what was written before comes what was typed while the modules were on their way.
    this.#input.value = [...new Set([storage.read(draft), this.#input.value])].filter(Boolean).join("\n");
    this.#keep();
    this.#check();
    for (const type of ["pageshow", "storage"]) addEventListener(type, (event) => this.#follow(event));
    if (!sendsByEnter()) this.#input.enterKeyHint = "enter";
    if (isOff("enter")) later("sayKeys", this.#form.querySelector(".keys"));
    if (!isTouch && document.activeElement === document.body) this.#input.focus({ preventScroll: true });
  }

  /** Nothing is being written: the key that ends things may end something else. */
  get isIdle() { return document.activeElement !== this.#input || !this.#input.value; }

  /** Something was begun that is more than a message: a reply, or a message written anew. */
  get isUnfinished() { return Boolean(this.#replyTo.value || storage.keys(`${draft}/`).length); }

  /** What is typed until `act` is done is meant for what that begins, and not sent before. */
  hold(act) {
    this.#isHeld = true;
    return void act().finally(() => { this.#isHeld = false; });
  }

  sendByEnter() { return sendsByEnter() && this.send(); }

  send(isMeant = false) {
    const content = this.#input.value;
    const isBlank = !content.trim() && (this.#luggage?.isEmpty ?? true);
    if (isBlank || this.#isHeld || this.#excess > 0 || this.#luggage?.isReady() === false) return;
    const asks = !isMeant && /@(room|here)\b/i.test(content) && openDialog("loud"); // it is there in large rooms only
    if (asks) return void Object.assign(asks, { returnValue: "", onclose: () => asks.returnValue && this.send(true) });
    // A line such as "/topic Lunch" is done by the server, and not a message.
    if (/^\/[a-z]+(\s|$)/i.test(content) && (this.#luggage?.isEmpty ?? true)) return later("run", this.#connection, this.#form, room, content);
    const files = this.#luggage?.take() ?? [];
    const replyTo = Number(this.#replyTo.value) || undefined;
    this.#input.value = "";
    this.#going.clear();
    this.#onInput();
    this.dropReply();
    this.#input.focus({ preventScroll: true });
    this.#outbox.send(content.replace(/^\/(?=\/[a-z]+(\s|$))/i, ""), replyTo, files);
  }

  /** What is written is no reply any more; false where it was none. */
  dropReply() {
    storage.remove(replyDraft);
    if (!this.#replyTo.value) return false;
    if (this.#bar.contains(document.activeElement)) this.#input.focus({ preventScroll: true });
    this.#replyTo.value = "";
    this.#bar.hidden = true;
    return true;
  }

  /** A letter pressed outside of every field is meant for the message, and not for what is open. */
  typeAnywhere(event) {
    const isLetter = [...event.key].length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    const isTaken = event.target.closest("input, textarea, select, dialog, [contenteditable]");
    if (!isLetter || isTaken) return;
    document.querySelector(":popover-open")?.hidePopover();
    this.#input.focus({ preventScroll: true });
  }

  #onInput() {
    this.#keep();
    this.#check();
    this.#typing.tell(this.#input.value);
  }

  #keep() {
    const text = [...this.#going, this.#input.value].filter(Boolean).join("\n");
    if (text) storage.write(draft, text);
    else if (storage.read(draft) === this.#kept) storage.remove(draft); // else it is another tab's
    this.#kept = text && (storage.read(draft) ?? "");
  }

  /** A room has one draft: what became of it on another page holds here too. */
  #follow({ key, persisted }) {
    if (persisted || key === replyDraft) storage.read(replyDraft) ? later("followReply") : this.dropReply();
    if (this.#input.value !== this.#kept) return;
    this.#input.value = this.#kept = storage.read(draft) ?? "";
    this.#check();
  }

  /** Code points beyond the limit; negative while there is room. */
  get #excess() { return [...this.#input.value].length - page.limits.content; }

  #check() {
    const isFar = this.#excess < -page.limits.content * LIMITS.counterShare;
    const forFile = this.#load && { going: this.#going, load: this.#load, send: () => this.send() };
    if (!isFar || !this.#counter.hidden) later("measure", this.#input, this.#counter, this.#button, forFile);
  }

  #close() { later("close", this.#form, this.#input); }
}

/** @typedef {{key: string, content: string, replyTo?: number, files: object[], row: HTMLElement, state: "waiting"|"sending"|"failed", tries: number, timer?: number}} Letter */

/**
 * Texts on their way. Each keeps one idempotency key from the first try to the last, so a retry or a late answer never
 * makes two messages, and stays in the browser until the server has it.
 */
class Outbox {
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
    else if (error.code === "timeout") this.#fail(letter, t("not_sent"));
    else this.#fail(letter, t("not_sent_because", { reason: error.message }));
  }

  /** Without a connection a text waits, says so when that takes long, and goes when the room is heard again. */
  #wait(letter) {
    this.#mark(letter, "waiting");
    letter.timer = setTimeout(() => this.#say(letter, "failed-template", t("not_sent_offline")), LIMITS.answer);
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
    const recent = { room, limit: LIMITS.reconcileRows };
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
