/** Changes to messages that were begun and not saved: where such a message is shown it says so, and lets somebody go on. */
import { make, page, storage, t } from "./app.js";
import { indexOf } from "./message.js";
import { find } from "./quotes.js";
import "./words.js";

const drafts = `draft:${page.me.username}:${page.room?.slug}/`;
const log = document.getElementById("timeline");

/** Where what is typed into a row's message is kept. */
export const draftOf = (row) => drafts + indexOf(row);

/** Calls `edit(row)` when somebody wants to go on. */
export class Unsaved {
  #timeline;
  #edit;

  constructor(timeline, edit) {
    this.#timeline = timeline;
    this.#edit = edit;
    for (const type of ["pageshow", "storage"]) addEventListener(type, () => this.draw());
    this.draw();
  }

  draw() {
    const begun = storage.keys(drafts).map((key) => document.getElementById(`m${key.slice(drafts.length)}`));
    const rows = begun.filter((row) => row?.matches(".msg.mine:not(.editing, .deleted, .going)"));
    const over = [...log.querySelectorAll(".unsaved")].filter((offer) => !rows.includes(offer.parentElement));
    const lacking = rows.filter((row) => !row.querySelector(".unsaved"));
    if (over.length + lacking.length) this.#timeline.steadily(() => {
      for (const offer of over) offer.remove();
      for (const row of lacking) row.querySelector(".state").after(this.#offer(row));
    });
  }

  #offer(row) {
    const offer = Object.assign(make("div", "state unsaved"), { hidden: true });
    const discard = () => (storage.remove(draftOf(row)), row.focus({ preventScroll: true }), this.draw());
    offer.append(t("unsaved"), this.#button("edit_on", () => this.#edit(row)), this.#button("discard", discard));
    find(indexOf(row)).catch(() => null).then((message) => this.#settle(row, offer, message));
    return offer;
  }

  /** What was saved while the page was left is none any more. */
  #settle(row, offer, message) {
    if (message?.content === storage.read(draftOf(row))) return void (storage.remove(draftOf(row)), this.draw());
    this.#timeline.steadily(() => { offer.hidden = false; });
  }

  #button(words, act) {
    const button = Object.assign(make("button", "btn sm", t(words)), { type: "button" });
    button.addEventListener("click", act);
    return button;
  }
}
