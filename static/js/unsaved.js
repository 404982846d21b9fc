/** Changes to messages that were begun and not saved: where such a message is shown it says so, and lets somebody go on. */
import { make, page, storage, t } from "./app.js";
import { indexOf } from "./message.js";
import { find } from "./quotes.js";
import "./words.js";

const drafts = `draft:${page.me.username}:${page.room?.slug}/`;
const log = document.getElementById("timeline");

/** Where what is typed into a row's message is kept, and what is said anew of a picture of it. */
export const draftOf = (row, file = "") => drafts + indexOf(row) + (file && `/${file}`);

/** Of what is kept of a row's message nothing is wanted any more. */
export function forget(row) {
  const mine = draftOf(row);
  storage.keys(mine).filter((key) => !/\d/.test(key.charAt(mine.length))).forEach(storage.remove);
}

const rowOf = (key) => document.getElementById(`m${key.slice(drafts.length).split("/")[0]}`);

function isSaved(row, { content = "", attachments = [] }) {
  const isSame = ({ id, alt = "" }) => (storage.read(draftOf(row, id)) ?? alt).trim() === alt;
  return (storage.read(draftOf(row)) ?? content) === content && attachments.every(isSame);
}

/** A row's message is edited in this tab until `signal`: others do not offer to go on. */
export function editHere(row, signal) {
  const take = () => {
    const leaving = new AbortController();
    // A lock that is held would keep the page out of the back/forward cache.
    for (const [target, type] of [[window, "pagehide"], [signal, "abort"]]) target.addEventListener(type, () => leaving.abort(), { once: true });
    const left = new Promise((go) => { leaving.signal.addEventListener("abort", go); });
    navigator.locks?.request(draftOf(row), { signal: leaving.signal }, () => left).catch(() => {});
  };
  take();
  addEventListener("pageshow", ({ persisted }) => persisted && take(), { signal });
}

const isExclusive = ({ mode }) => mode === "exclusive";

/** Calls `edit(row)` when somebody wants to go on. */
export class Unsaved {
  #timeline;
  #edit;

  constructor(timeline, edit) {
    this.#timeline = timeline;
    this.#edit = edit;
    for (const type of ["pageshow", "storage", "focus"]) addEventListener(type, () => this.draw());
    this.draw();
  }

  async draw() {
    const edited = (await navigator.locks?.query())?.held.filter(isExclusive).map(({ name }) => name) ?? [];
    const begun = new Set(storage.keys(drafts).map(rowOf));
    const rows = [...begun].filter((row) => row?.matches(".msg.mine:not(.editing, .deleted, .going)"));
    const isOver = ({ parentElement: row, hidden: isWaiting }) => !rows.includes(row) || (!isWaiting && edited.includes(draftOf(row)));
    const over = [...log.querySelectorAll(".unsaved")].filter(isOver);
    const lacking = rows.filter((row) => !row.querySelector(".unsaved") || over.includes(row.querySelector(".unsaved")));
    if (over.length + lacking.length) this.#timeline.steadily(() => {
      for (const offer of over) offer.remove();
      for (const row of lacking) row.querySelector(".state").after(this.#offer(row));
    });
  }

  #offer(row) {
    const offer = Object.assign(make("div", "state unsaved"), { hidden: true });
    const discard = () => (forget(row), row.focus({ preventScroll: true }), this.draw());
    offer.append(t("unsaved"), this.#button("edit_on", () => this.#edit(row)), this.#button("discard", discard));
    this.#settle(row, offer);
    return offer;
  }

  /** When no tab edits it any more. What was saved while the page was left is none. */
  async #settle(row, offer) {
    await navigator.locks?.request(draftOf(row), { mode: "shared" }, () => {});
    const message = await find(indexOf(row)).catch(() => null);
    if (!offer.isConnected) return;
    if (message && isSaved(row, message)) return void (forget(row), this.draw());
    this.#timeline.steadily(() => { offer.hidden = false; });
  }

  #button(words, act) {
    const button = Object.assign(make("button", "btn sm", t(words)), { type: "button" });
    button.addEventListener("click", act);
    return button;
  }
}
