/**
 * What is done with one message: the toolbar that comes to the row under the pointer or the focus, and the menu behind
 * it, which a long press on a touch screen opens as a sheet.
 */
import { LIMITS, announce, page, t } from "./app.js";
import { Deletions } from "./deletions.js";
import { Editor } from "./editor.js";
import { fresh, indexOf } from "./message.js";
import { quoteWords, replyTo, resumeReply } from "./replies.js";

const GAP = 4;
/** The menu says itself that these are done. */
const STAYS = ["link", "text"];

const rowOf = (element) => element?.closest(".msg") ?? null;
const isMine = (row) => row.matches(".mine");
const mayDelete = (row) => isMine(row) || page.room.may_moderate;
const hasHistory = (row) => !row.querySelector(".edited").hidden && (isMine(row) || page.me.is_admin);
const addressOf = (row) => `${location.origin}/rooms/${page.room.slug}/${indexOf(row)}`;
const textOf = (row) => row.querySelector(".bd").innerText;
/** What is selected of a row's text. */
const chosenIn = (row) => (row.querySelector(".bd").contains(getSelection().anchorNode) ? String(getSelection()) : "");
/** Waiting, deleted and half-deleted messages offer nothing. */
const isLive = (row) => Boolean(row?.matches(".msg[data-index]:not(.deleted, .going, .editing)"));

export class Actions {
  #log = document.getElementById("timeline");
  #tools = fresh("tools-template");
  #menu = fresh("menu-template");
  #row = null;
  #table;

  constructor(connection, timeline) {
    const editor = new Editor(connection, timeline);
    const deletions = new Deletions(connection, timeline);
    /** By the `data-do` of its button: who is offered it, and what it does. */
    this.#table = {
      reply: { run: replyTo },
      edit: { isOffered: isMine, run: (row) => editor.open(row) },
      more: { run: (row) => this.#openMenu(row) },
      link: { run: (row) => this.#copy("link", addressOf(row), row) },
      text: { run: (row) => this.#copy("text", textOf(row), row) },
      quote: { run: (row) => quoteWords(chosenIn(row) || textOf(row)) },
      history: { isOffered: hasHistory, run: (row) => location.assign(`${addressOf(row)}/history`) },
      delete: { isOffered: mayDelete, run: (row) => deletions.begin(row) },
    };
    document.body.append(this.#menu);
    this.#listen();
    this.#show(this.#log.querySelector(".msg:focus-within, .msg:hover"));
  }

  /** Does what a button is called to a row, if this person may. */
  run(name, row) {
    if (!isLive(row) || !this.#isOffered(name, row)) return;
    this.#table[name].run(row);
  }

  resumeReply() { return resumeReply(); }

  /** The last of one's own messages, written anew in its place. */
  editLast() {
    this.run("edit", [...this.#log.querySelectorAll(".msg.mine")].findLast(isLive));
  }

  get #isMenuOpen() { return this.#menu.matches(":popover-open"); }

  get #isInUse() { return this.#tools.contains(document.activeElement); }

  #isOffered(name, row) { return this.#table[name].isOffered?.(row) ?? true; }

  #listen() {
    for (const place of [this.#tools, this.#menu]) place.addEventListener("click", (event) => this.#onClick(event));
    this.#menu.addEventListener("beforetoggle", (event) => (event.newState === "open" ? this.#onMenuOpens() : this.#onMenuCloses()));
    // Not pointerover, which rows that scroll by under a resting pointer cause too.
    this.#log.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.#onPointer(rowOf(event.target)));
    this.#log.addEventListener("pointerdown", (event) => event.pointerType === "touch" && this.#onTouch(event.target));
    this.#log.addEventListener("pointerleave", () => this.#show(rowOf(document.activeElement)));
    for (const type of ["focusin", "keydown"]) this.#log.addEventListener(type, (event) => this.#show(rowOf(event.target)));
  }

  #onClick(event) {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (!name) return;
    if (!STAYS.includes(name)) this.#menu.hidePopover();
    this.run(name, this.#row);
  }

  #onTouch(target) {
    const row = rowOf(target);
    if (row && !target.closest("a, button, textarea")) hold(row, () => this.run("more", row));
  }

  #onPointer(row) {
    if (!this.#isMenuOpen && row !== this.#row && this.#isInUse) this.#row.focus({ preventScroll: true });
    this.#show(row);
  }

  /** The toolbar stays where it is being used. */
  #show(row) {
    if (this.#isMenuOpen || this.#isInUse) return;
    this.#row = isLive(row) ? row : null;
    if (!this.#row) this.#tools.remove();
    else if (this.#tools.parentNode !== row) this.#offer(this.#tools) || row.append(this.#tools);
  }

  #offer(place) {
    for (const button of place.querySelectorAll("[data-do]")) button.hidden = !this.#isOffered(button.dataset.do, this.#row);
  }

  #openMenu(row) {
    this.#row = row;
    this.#menu.showPopover();
  }

  #onMenuOpens() {
    const { left, right, top, bottom } = (this.#tools.parentNode === this.#row ? this.#tools : this.#row).getBoundingClientRect();
    const isLow = bottom > innerHeight / 2;
    const places = {
      "--below": isLow ? "auto" : `${bottom + GAP}px`,
      "--above": isLow ? `${innerHeight - top + GAP}px` : "auto",
      "--end": `${document.documentElement.dir === "rtl" ? left : innerWidth - right}px`,
    };
    for (const [name, value] of Object.entries(places)) this.#menu.style.setProperty(name, value);
    this.#offer(this.#menu);
    this.#row.classList.add("chosen");
  }

  #onMenuCloses() {
    this.#row.classList.remove("chosen");
    for (const label of this.#menu.querySelectorAll("[data-words]")) label.textContent = label.dataset.words;
  }

  async #copy(name, text, row) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.#menu.hidePopover();
      return void getSelection().selectAllChildren(row.querySelector(".bd")); // no clipboard without https
    }
    announce(t("copied"));
    const label = this.#menu.querySelector(`[data-do=${name}] span`);
    label.dataset.words ??= label.textContent;
    label.textContent = t("copied");
    setTimeout(() => this.#isMenuOpen && this.#menu.hidePopover(), LIMITS.copied / 2);
  }
}

/**
 * A finger that rests on a row marks it, and calls `act` when it is lifted: what opened under it would be closed, or
 * pressed, by that.
 */
function hold(row, act) {
  const over = new AbortController();
  const { signal } = over;
  const timer = setTimeout(() => row.classList.add("chosen"), LIMITS.longPress);
  const end = (event) => {
    const isHeld = event.type !== "scroll" && row.classList.contains("chosen");
    clearTimeout(timer);
    row.classList.remove("chosen");
    over.abort();
    if (isHeld) setTimeout(act);
  };
  for (const type of ["pointerup", "pointercancel", "scroll"]) document.addEventListener(type, end, { signal, capture: true });
  row.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
}
