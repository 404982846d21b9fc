/** Writing: the box, in which nothing typed is lost. */
import { LIMITS, WRITING, isComposing, isOff, later, openDialog, page, storage, writtenWith } from "./app.js";
import { awaitFiles } from "./offers.js";
import { Outbox } from "./outbox.js";
import { TypingLine } from "./presence.js";

const room = page.room?.slug;
const draftOf = (slug) => `draft:${page.me?.username}:${slug}`;
const draft = draftOf(room);
/** Where it is kept that what is being written is a reply, and to what. */
export const replyDraft = `${draft}/reply`;
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
  /** Whose draft is in the box; another room's from when somebody has set off for that. */
  #draft = draft;
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
    this.#input.value = writtenWith(draft, this.#input.value);
    this.#keep();
    this.#check();
    this.#watchLeaving();
    for (const type of ["pageshow", "storage"]) addEventListener(type, (event) => this.#follow(event));
    if (!sendsByEnter()) this.#input.enterKeyHint = "enter";
    if (isOff("enter")) later("sayKeys", this.#form.querySelector(".keys"));
    if (!isTouch && document.activeElement === document.body) this.#input.focus({ preventScroll: true });
  }

  /** Nothing is being written: the key that ends things may end something else. */
  /** Another room is on its way; until it is here Escape is the browser's, which stays where it is. */
  get hasSetOff() { return this.#draft !== draft; }

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
    if (isBlank || this.#isHeld || this.#draft !== draft || this.#excess > 0 || this.#luggage?.isReady() === false) return;
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
    this.#typing.tell(this.#draft === draft ? this.#input.value : "");
  }

  #keep() {
    const text = [...this.#going, this.#input.value].filter(Boolean).join("\n");
    if (text) storage.write(this.#draft, text);
    else if (storage.read(this.#draft) === this.#kept) storage.remove(this.#draft); // else it is another tab's
    this.#kept = text && (storage.read(this.#draft) ?? "");
  }

  /** A room has one draft: what became of it on another page holds here too. */
  #follow({ key, persisted }) {
    if (persisted) this.#draft = draft;
    if (persisted || key === replyDraft) storage.read(replyDraft) ? later("followReply") : this.dropReply();
    if (this.#input.value !== this.#kept) return;
    this.#input.value = this.#kept = storage.read(this.#draft) ?? "";
    this.#check();
  }

  /** Safari before 26.2 does not say where somebody goes. */
  #watchLeaving() {
    const tell = (url, signal) => this.#setOff(url, signal);
    if (globalThis.navigation) navigation.addEventListener("navigate", ({ destination, signal }) => tell(destination.url, signal));
    else import("./leaving.js").then(({ watchLinks }) => watchLinks(tell)).catch(() => {});
  }

  /** What is typed while another room is on its way is meant for that, and nothing is sent from here any more. */
  #setOff(url, signal) {
    const [, slug] = /^\/rooms\/([^/]+)/.exec(new URL(url).pathname) ?? [];
    if (slug === room || !document.querySelector(`#sidebar [data-room="${slug}"]`) || this.#input.value !== this.#kept) return;
    const turnTo = (which) => (this.#draft = which, this.#follow({}));
    turnTo(draftOf(slug));
    if (document.activeElement.matches(WRITING)) this.#input.focus({ preventScroll: true }); // and no change to a message
    const giveUp = () => turnTo(draft);
    signal.addEventListener("abort", giveUp);
    // Firefox does not say that it was given up, and asks only now whether somebody wants to leave the page.
    addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && !isComposing(event) && giveUp(), { signal });
    addEventListener("beforeunload", (event) => event.defaultPrevented && giveUp(), { once: true, signal });
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
