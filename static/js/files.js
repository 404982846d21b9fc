/**
 * Files on their way to a message: chosen, told at once when they are too large, uploaded with progress, described,
 * taken back. Loaded when the first one is chosen.
 */
import { announce, isComposing, make, page, t } from "./app.js";
import { aboutFile, sizeOf } from "./attachments.js";
import { fresh } from "./message.js";
import { sheet } from "./sheet.js";
import "./words.js";

/** Settled when there are styles for it. */
export const dressed = sheet("files");

const AT_ONCE = 3;
const CREATED = 201;
/** Milliseconds: over the page a file is told of several times in that. */
const PAST = 2_000;
/** Milliseconds: so soon a file that went on to another element is told of again. Safari before 26.4 says that it has left. */
const GONE = 400;
/** Milliseconds: a line that has carried nothing for so long is dead, also where nobody says so. */
const STALLED = 60_000;
/** Milliseconds: so long may those who have all of it be silent, a proxy that only now passes it on among them. */
const SILENT = 5 * 60_000;

/** @typedef {{file: File, row: HTMLElement, state: "waiting"|"going"|"done"|"failed", request?: XMLHttpRequest, timer?: number, found?: object, onRemoved?: () => void}} Chosen */

/** The files that go with the next message: how they come, and whether they are here. */
export class Luggage {
  #tray;
  #shade = document.getElementById("dropping");
  #input;
  #send;
  #isSending = false;
  #past = 0;

  /** @param {() => void} send called when what was to be sent has been uploaded */
  constructor(form, send) {
    this.#send = send;
    this.#input = form.querySelector("textarea");
    this.#tray = new Tray(form.querySelector(".box"), this.#input);
    // Between two elements a file leaves one for the other; out of the window for none.
    addEventListener("dragleave", (event) => !event.relatedTarget && this.#passes(GONE));
    addEventListener("beforeunload", (event) => page.isOver || this.#tray.isKept || event.preventDefault());
  }

  get isEmpty() { return this.#tray.isEmpty; }

  take() { return this.#tray.take(); }

  /** Whether nothing is on its way, and nothing stuck; what is to be sent before that goes when it is there. */
  isReady() {
    if (this.#tray.isBusy && !this.#isSending) this.#sendLater();
    return !this.#tray.isBusy && this.#tray.allows();
  }

  /** Whether there was room for one; `onRemoved` is called when it is taken back. */
  add(files, onRemoved) { return this.#tray.add(files, onRemoved); }

  /** Something was pasted, or is dragged over the page or dropped on it. */
  receive(kind, files) {
    const isOurs = !document.querySelector("dialog[open]");
    this.#shadow(isOurs && kind.startsWith("drag"));
    if (isOurs && files.length && !kind.startsWith("drag")) this.#tray.add(files);
  }

  /** That a file has gone may have been told before this was here. */
  #shadow(isShown) {
    this.#shade.hidden = !isShown;
    this.#passes(PAST);
  }

  #passes(time) {
    clearTimeout(this.#past);
    this.#past = setTimeout(() => { this.#shade.hidden = true; }, time);
  }

  async #sendLater() {
    this.#isSending = true;
    const words = this.#input.value;
    await this.#tray.settled();
    this.#isSending = false;
    // Whoever has gone on typing is not done.
    if (this.#tray.allows() && !this.isEmpty && this.#input.value === words) this.#send();
  }
}

/** The files above the message box. */
class Tray {
  #list = make("ul", "tray");
  #input;
  /** @type {Set<Chosen>} in the order they were chosen */
  #chosen = new Set();
  #waiting = [];

  /** @param {HTMLElement} box what the list stands in, over everything else */
  constructor(box, input) {
    this.#input = input;
    this.#list.setAttribute("aria-label", t("files_chosen"));
    this.#list.addEventListener("click", (event) => this.#onClick(event.target));
    // Enter in a description sends, as it does in the message box.
    this.#list.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input") && !isComposing(event)) {
        event.preventDefault();
        box.closest("form").requestSubmit();
      }
    });
    box.prepend(this.#list);
    this.#draw();
  }

  get isEmpty() { return !this.#chosen.size; }

  /** Words are there for whoever comes back, also those that go as a file and would be given back; files are not. */
  get isKept() { return [...this.#chosen].every(({ onRemoved }) => onRemoved); }

  get isBusy() { return this.#some("waiting", "going"); }

  /** Nothing failed that somebody may still want to send; else it says so. */
  allows() {
    const stuck = [...this.#chosen].find((each) => each.state === "failed");
    if (stuck) this.#say(t("file_stuck"), stuck.row);
    return !stuck;
  }

  add(files, onRemoved) {
    this.#input.focus({ preventScroll: true });
    const room = page.limits.files - this.#chosen.size;
    for (const file of files.slice(0, Math.max(0, room))) this.#choose(file, onRemoved);
    const words = files.length > room ? t("too_many_files", { n: page.limits.files }) : "";
    if (words) this.#say(words);
    this.#draw();
    this.#start();
    return room > 0;
  }

  /** Resolves when nothing is being uploaded any more. */
  settled() {
    return this.isBusy ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /** The files as the server knows them, with what was said of them; the list is empty then. */
  take() {
    const found = [...this.#chosen].map(({ found: file, row }) => ({ ...file, alt: row.querySelector(".chosen-alt").value.trim() }));
    this.#chosen.clear();
    this.#list.replaceChildren();
    this.#draw();
    return found;
  }

  #some(...states) { return [...this.#chosen].some((each) => states.includes(each.state)); }

  #choose(file, onRemoved) {
    const row = fresh("chosen-template");
    const chosen = { file, row, state: "waiting", onRemoved };
    row.querySelector(".file-name").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", t("uploading", { name: file.name }));
    row.querySelector("[data-remove]").setAttribute("aria-label", t("remove_file", { name: file.name }));
    row.querySelector(".chosen-alt").setAttribute("aria-label", t("describe_file", { name: file.name }));
    this.#chosen.add(chosen);
    this.#list.append(row);
    this.#about(chosen, aboutFile(file.name, file.size));
    if (file.size > page.limits.file) this.#fail(chosen, t("file_too_large", { limit: sizeOf(page.limits.file) }));
    else if (!file.size) this.#fail(chosen, t("file_empty"));
  }

  /** A few at a time: the first is there sooner than if all went at once. */
  #start() {
    const going = [...this.#chosen].filter((each) => each.state === "going").length;
    const next = [...this.#chosen].filter((each) => each.state === "waiting").slice(0, AT_ONCE - going);
    next.forEach((each) => this.#upload(each));
    if (!this.isBusy) this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  /** Not fetch, which says nothing of how far it has come. */
  #upload(chosen) {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ room: page.room.slug, name: chosen.file.name });
    Object.assign(chosen, { request, state: "going" });
    request.open("POST", `/api/v1/files?${query}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => this.#onProgress(chosen, event));
    request.addEventListener("load", () => this.#onAnswer(chosen, request));
    request.addEventListener("error", () => this.#end(chosen, t("upload_broken")));
    request.send(chosen.file);
    this.#watch(chosen);
  }

  #watch(chosen, isThere = false) {
    clearTimeout(chosen.timer);
    chosen.timer = setTimeout(() => {
      chosen.request.abort();
      this.#end(chosen, t(isThere ? "upload_broken" : "upload_stalled"));
    }, isThere ? SILENT : STALLED);
  }

  #onProgress(chosen, { loaded, total }) {
    if (!total || chosen.state !== "going") return;
    this.#watch(chosen, loaded === total);
    const share = loaded / total;
    chosen.row.querySelector("progress").value = share;
    this.#about(chosen, loaded === total ? t("uploaded_looked_at") : `${Math.floor(share * 100)} %`);
  }

  #onAnswer(chosen, request) {
    const answer = read(request.responseText);
    if (request.status !== CREATED || !answer?.id) return this.#end(chosen, answer?.detail ?? t("upload_broken"));
    chosen.found = answer;
    this.#end(chosen);
  }

  /** It is over, well or not. */
  #end(chosen, trouble = "") {
    clearTimeout(chosen.timer);
    if (!this.#chosen.has(chosen)) return;
    if (trouble) this.#fail(chosen, trouble, { isWorthAnother: true });
    else this.#finish(chosen);
    this.#start();
  }

  #finish(chosen) {
    const { row, found } = chosen;
    chosen.state = "done";
    row.querySelector("progress").hidden = true;
    this.#about(chosen, aboutFile(found.name, found.size));
    if (found.thumbnail) {
      const look = Object.assign(make("img"), { src: found.thumbnail, alt: "", width: 40, height: 40 });
      row.querySelector(".chosen-look").replaceChildren(look);
      row.querySelector(".chosen-alt").hidden = false;
    }
    announce(t("uploaded", { name: found.name }));
  }

  #fail(chosen, sentence, { isWorthAnother = false } = {}) {
    chosen.state = "failed";
    chosen.row.classList.add("failed");
    chosen.row.querySelector("progress").hidden = true;
    chosen.row.querySelector("[data-again]").hidden = !isWorthAnother;
    this.#about(chosen, sentence);
    // What is said in the same moment would be lost under what is said last.
    const failed = [...this.#chosen].filter((each) => each.state === "failed");
    announce(failed.map(({ file, row }) => `${file.name}: ${row.querySelector(".file-about").textContent}`).join(" "));
  }

  #onClick(target) {
    const chosen = [...this.#chosen].find(({ row }) => row.contains(target));
    if (chosen && target.closest("[data-remove]")) this.#remove(chosen);
    if (chosen && target.closest("[data-again]")) this.#again(chosen);
  }

  #remove(chosen) {
    this.#chosen.delete(chosen);
    chosen.request?.abort();
    chosen.row.remove();
    this.#unsay();
    this.#draw();
    this.#start();
    this.#input.focus({ preventScroll: true });
    chosen.onRemoved?.();
  }

  #again(chosen) {
    chosen.state = "waiting";
    chosen.row.classList.remove("failed");
    this.#unsay();
    Object.assign(chosen.row.querySelector("progress"), { hidden: false, value: 0 });
    chosen.row.querySelector("[data-again]").hidden = true;
    this.#input.focus({ preventScroll: true });
    this.#start();
  }

  #about(chosen, words) { chosen.row.querySelector(".file-about").textContent = words; }

  #draw() { this.#list.hidden = this.isEmpty; }

  /** Under a file, or the list, until the next thing is said. */
  #say(words, row = null) {
    this.#unsay();
    const note = make("li", "tray-note", words);
    this.#list.insertBefore(note, row && row.nextSibling);
    for (const each of [row, note]) each?.scrollIntoView({ block: "nearest" });
    announce(words);
  }

  #unsay() { this.#list.querySelector(".tray-note")?.remove(); }
}

function read(text) {
  try { return JSON.parse(text); } catch { return null; }
}
