/**
 * What is done with one message: the toolbar that comes to the row under the pointer or the focus, the few emoji behind
 * its first button, and the menu behind its last, which a long press on a touch screen opens as a sheet.
 */
import { LIMITS, announce, page, t } from "./app.js";
import { copied } from "./clipboard.js";
import { Deletions } from "./deletions.js";
import { Editor } from "./editor.js";
import { fresh, indexOf } from "./message.js";
import { worded } from "./offers.js";
import { Reactions } from "./reactions.js";
import { quoteWords, replyTo, resumeReply } from "./replies.js";
import { sheet } from "./sheet.js";
import { copyAsTranscript } from "./transcript.js";
import "./words.js";

const dressed = sheet("tools");

const GAP = 4;
/** The menu says itself that these are done. */
const STAYS = ["link", "text"];

const rowOf = (element) => element?.closest(".msg") ?? null;
const isMine = (row) => row.matches(".mine");
const isPinned = (row) => Boolean(row.querySelector(".pinned"));
const hasReactions = (row) => Boolean(row.querySelector(".rx"));
const mayDelete = (row) => isMine(row) || page.room.may_moderate;
const hasHistory = (row) => !row.querySelector(".edited").hidden && (isMine(row) || page.me.is_admin);
const addressOf = (row) => `${location.origin}/rooms/${page.room.slug}/${indexOf(row)}`;
const textOf = (row) => row.querySelector(".bd").innerText;
/** What is selected of a row's text, and of no other; that alone stays selected. */
function chosenIn(row) {
  const [selection, body] = [getSelection(), row.querySelector(".bd")];
  if (!selection.rangeCount || !selection.getRangeAt(0).intersectsNode(body)) return "";
  const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
  const start = body.contains(startContainer) ? [startContainer, startOffset] : [body, 0];
  const end = body.contains(endContainer) ? [endContainer, endOffset] : [body, body.childNodes.length];
  selection.setBaseAndExtent(...start, ...end);
  return String(selection);
}
/** A menu that is too tall for its side of the row lies over it. */
function keepInSight(menu) {
  const { top, bottom } = menu.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  menu.style.setProperty("--below", top < 0 ? `${GAP}px` : "auto");
  menu.style.setProperty("--above", top < 0 ? "auto" : `${GAP}px`);
}

/** Waiting, deleted and half-deleted messages offer nothing. */
const isLive = (row) => Boolean(row?.matches(".msg[data-index]:not(.deleted, .going, .editing)"));

/** Code and tables that may be too wide for a phone are stops only where they are too wide for this window: the log is one. */
function spareStops(log) {
  const blocks = [...log.querySelectorAll(".bd :is(pre, .wide)[tabindex]")].map((block) => [block, block.scrollWidth > block.clientWidth]);
  for (const [block, isWide] of blocks) block.tabIndex = isWide ? 0 : -1;
}

export class Actions {
  #log = document.getElementById("timeline");
  #tools = fresh("tools-template");
  #menu = fresh("menu-template");
  #quick = fresh("quick-template");
  #row = null;
  #dismissed = null;
  #editor;
  #table;

  constructor(connection, timeline) {
    const editor = this.#editor = new Editor(connection, timeline);
    const deletions = new Deletions(connection, timeline);
    const reactions = new Reactions(connection, timeline);
    /** By the `data-do` of its button: who is offered it, and what it does. */
    this.#table = {
      reply: { run: replyTo },
      react: { run: (row) => this.#openMenu(row, this.#quick) },
      edit: { isOffered: isMine, run: (row) => editor.open(row) },
      give: { run: (row, button) => reactions.give(row, button.dataset.emoji) },
      pick: { run: (row) => reactions.pick(row) },
      toggle: { run: (row, chip) => reactions.toggle(row, chip) },
      givers: { isOffered: hasReactions, run: (row) => worded(import("./givers.js")).then(({ showGivers }) => showGivers(`${addressOf(row)}/reactions`)) },
      pin: { isOffered: (row) => !isPinned(row), run: (row) => reactions.pin(row) },
      unpin: { isOffered: isPinned, run: (row) => reactions.unpin(row) },
      more: { run: (row) => this.#openMenu(row) },
      link: { run: (row) => this.#copy("link", addressOf(row), row) },
      text: { run: (row) => this.#copy("text", textOf(row), row) },
      quote: { run: (row) => quoteWords(chosenIn(row) || textOf(row)) },
      unread: { run: (row) => worded(import("./reads.js")).then(({ markUnread }) => markUnread(timeline.rooms, indexOf(row))) },
      history: { isOffered: hasHistory, run: (row) => location.assign(`${addressOf(row)}/history`) },
      delete: { isOffered: mayDelete, run: (row) => deletions.begin(row) },
    };
    this.#menu.querySelector("[data-do=pin]").before(this.#item("givers", t("who_reacted"), "users"));
    document.getElementById("main").append(this.#menu, this.#quick);
    this.#tools.hidden = true;
    dressed.then(() => { this.#tools.hidden = false; });
    this.#listen();
    copyAsTranscript(this.#log);
    spareStops(this.#log);
    this.#show(this.#log.querySelector(".msg:focus-within, .msg:hover"));
  }

  /** Does what a button is called to a row, if this person may. */
  run(name, row, button = null) {
    if (!isLive(row) || !this.#isOffered(name, row)) return;
    this.#table[name].run(row, button);
  }

  resumeReply() { return resumeReply(); }

  /** The last of one's own messages, written anew in its place. */
  async editLast() {
    const row = [...this.#log.querySelectorAll(".msg.mine")].findLast(isLive);
    if (row) await this.#editor.open(row, document.getElementById("message"));
  }

  get #menus() { return [this.#menu, this.#quick]; }

  /** Something lies over the rows; the pointer has left them, and the focus comes back. */
  get #isCovered() { return this.#menus.some((menu) => menu.matches(":popover-open")) || Boolean(document.querySelector("dialog[open]")); }

  get #isInUse() { return this.#tools.contains(document.activeElement); }

  #isOffered(name, row) { return this.#table[name].isOffered?.(row) ?? true; }

  #listen() {
    for (const place of [this.#tools, ...this.#menus]) place.addEventListener("click", (event) => this.#onClick(event));
    for (const menu of this.#menus) {
      menu.addEventListener("beforetoggle", (event) => (event.newState === "open" ? this.#onMenuOpens(menu) : this.#onMenuCloses(menu)));
      menu.addEventListener("toggle", () => keepInSight(menu));
    }
    this.#quick.addEventListener("keydown", (event) => this.#onQuickKey(event));
    // Not pointerover, which rows that scroll by under a resting pointer cause too.
    this.#log.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.#onPointer(rowOf(event.target)));
    this.#log.addEventListener("pointerdown", ({ pointerType, target }) => pointerType === "touch" && this.press(target));
    this.#log.addEventListener("pointerleave", () => this.#show(rowOf(document.activeElement)));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#dismiss());
    this.#log.addEventListener("focusin", () => spareStops(this.#log));
    for (const type of ["focusin", "keydown"]) this.#log.addEventListener(type, (event) => this.#show(rowOf(event.target)));
  }

  /** One more, as those look that came with the page. */
  #item(name, label, symbol) {
    const item = this.#menu.querySelector("[data-do=text]").cloneNode(true);
    const use = item.querySelector("use");
    item.dataset.do = name;
    item.querySelector("span").textContent = label;
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${symbol}`));
    return item;
  }

  #onClick(event) {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (!STAYS.includes(button.dataset.do)) this.#menus.forEach((menu) => menu.hidePopover());
    this.run(button.dataset.do, this.#row, button);
  }

  #onQuickKey(event) {
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const all = [...this.#quick.querySelectorAll("button")];
    all.at((all.indexOf(document.activeElement) + (event.key === forward ? 1 : -1)) % all.length).focus();
    event.preventDefault();
  }

  /** A finger rests there. */
  press(target, began = performance.now()) {
    const [row, chip] = [rowOf(target), target.closest(".rx button")];
    if (row && (chip || !target.closest("a:not(.who > a), button, textarea"))) hold(row, began, () => this.run(chip ? "givers" : "more", row));
  }

  #onPointer(row) {
    if (!this.#isCovered && row !== this.#row && this.#isInUse) this.#row.focus({ preventScroll: true });
    this.#show(row);
  }

  /** The toolbar stays where it is being used. */
  #show(row) {
    if (this.#isCovered || this.#isInUse || (row && row === this.#dismissed)) return;
    this.#dismissed = null;
    this.#row = isLive(row) ? row : null;
    if (!this.#row) this.#tools.remove();
    else if (this.#tools.parentNode !== row) this.#offer(this.#tools) || row.append(this.#tools);
  }

  /** What it lies over can be read without moving the pointer (WCAG 1.4.13). */
  #dismiss() {
    if (this.#isCovered || !this.#row) return;
    if (this.#isInUse) this.#row.focus({ preventScroll: true });
    this.#dismissed = this.#row;
    this.#row = null;
    this.#tools.remove();
  }

  #offer(place) {
    for (const button of place.querySelectorAll("[data-do]")) button.hidden = !this.#isOffered(button.dataset.do, this.#row);
  }

  #openMenu(row, menu = this.#menu) {
    this.#row = row;
    menu.showPopover();
  }

  #onMenuOpens(menu) {
    const { left, right, top, bottom } = (this.#tools.parentNode === this.#row ? this.#tools : this.#row).getBoundingClientRect();
    const isLow = bottom > innerHeight / 2;
    const places = {
      "--below": isLow ? "auto" : `${bottom + GAP}px`,
      "--above": isLow ? `${innerHeight - top + GAP}px` : "auto",
      "--end": `${document.documentElement.dir === "rtl" ? left : innerWidth - right}px`,
    };
    for (const [name, value] of Object.entries(places)) menu.style.setProperty(name, value);
    this.#offer(menu);
    this.#row.classList.add("held");
  }

  #onMenuCloses(menu) {
    this.#row.classList.remove("held");
    for (const label of menu.querySelectorAll("[data-words]")) label.textContent = label.dataset.words;
  }

  async #copy(name, text, row) {
    if (!await copied(text)) {
      this.#menu.hidePopover();
      return void getSelection().selectAllChildren(row.querySelector(".bd"));
    }
    announce(t("copied"));
    const label = this.#menu.querySelector(`[data-do=${name}] span`);
    label.dataset.words ??= label.textContent;
    label.textContent = t("copied");
    setTimeout(() => this.#isCovered && this.#menu.hidePopover(), LIMITS.copied / 2);
  }
}

/**
 * A finger that rests on a row marks it, and calls `act` when it is lifted: what opened under it would be closed, or
 * pressed, by that. What lies under it is not pressed either.
 */
function hold(row, began, act) {
  const over = new AbortController();
  const { signal } = over;
  const timer = setTimeout(() => row.classList.add("held"), LIMITS.longPress - (performance.now() - began));
  const end = (event) => {
    const isHeld = event.type !== "scroll" && row.classList.contains("held");
    clearTimeout(timer);
    row.classList.remove("held");
    over.abort();
    if (!isHeld) return;
    const lifted = new AbortController();
    row.addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { signal: lifted.signal, capture: true });
    setTimeout(() => (lifted.abort(), act()));
  };
  for (const type of ["pointerup", "pointercancel", "scroll"]) document.addEventListener(type, end, { signal, capture: true });
  row.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
}
