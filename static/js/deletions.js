/**
 * Deleting, with a few seconds in which it can be undone: only then is the server told, or when the page is left, so
 * that undoing brings back everything.
 */
import { LIMITS, announce, page, t } from "./app.js";
import { clearState, fresh, indexOf, rowAbove, rowBelow } from "./message.js";
import "./words.js";

const room = page.room?.slug;
/** Nobody knows whether it was done. */
const UNHEARD = ["disconnected", "timeout"];
const PASSING = [...UNHEARD, "unavailable", "rate_limited"];
const isDeleted = (index) => Boolean(document.getElementById(`m${index}`)?.matches(".deleted"));

export class Deletions {
  #connection;
  #timeline;
  /** @type {Map<number, {row: HTMLElement, undo: HTMLButtonElement, timer: number, isSent: boolean}>} by the message's index */
  #begun = new Map();

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
    addEventListener("pagehide", () => this.#tellAll());
  }

  /** Takes the words out of sight, and the focus on to the next message. */
  begin(row) {
    const index = indexOf(row);
    const state = row.querySelector(".state");
    const picture = fresh("deleting-template");
    const undo = picture.querySelector("[data-undo]");
    undo.addEventListener("click", () => this.#undo(index));
    this.#timeline.steadily(() => {
      row.classList.add("going");
      state.replaceChildren(picture);
      state.hidden = false;
    });
    (rowBelow(row) ?? rowAbove(row))?.focus({ preventScroll: true });
    announce(t("deleting"));
    this.#begun.set(index, { row, undo, isSent: false });
    this.#wait(index, LIMITS.undo);
  }

  #wait(index, ms) {
    const begun = this.#begun.get(index);
    clearTimeout(begun.timer);
    // Who is at the button must not lose it.
    begun.timer = setTimeout(() => (begun.row.contains(document.activeElement) ? this.#wait(index, ms) : this.#tell(index)), ms);
  }

  async #tell(index) {
    const begun = this.#begun.get(index);
    // Somebody else was quicker, or the answer to it was lost.
    if (isDeleted(index)) return void this.#begun.delete(index);
    // What is on its way cannot be called back, nor what may have arrived.
    begun.undo.disabled = true;
    const mayArrive = this.#connection.isOnline;
    try {
      const { message } = await this.#connection.request("deleteMessage", { room, index });
      this.#begun.delete(index);
      this.#timeline.show([message]);
    } catch (error) {
      if (!this.#begun.has(index)) return;
      begun.isSent ||= mayArrive && UNHEARD.includes(error.code);
      begun.undo.disabled = begun.isSent;
      if (isDeleted(index)) this.#begun.delete(index);
      else if (PASSING.includes(error.code)) this.#wait(index, Math.max(LIMITS.again, error.retryAfter * 1000));
      else this.#restore(index, t("not_deleted", { reason: error.message }));
    }
  }

  /** Who leaves can no longer undo; who comes back hears what became of it. */
  #tellAll() {
    for (const index of [...this.#begun.keys()]) {
      fetch(`/api/v1/rooms/${room}/messages/${index}`, { method: "DELETE", keepalive: true }).catch(() => {});
      this.#restore(index);
    }
  }

  #undo(index) {
    const { row } = this.#begun.get(index);
    this.#restore(index);
    row.focus({ preventScroll: true });
    announce(t("kept_message"));
  }

  #restore(index, sentence = "") {
    const { row, timer } = this.#begun.get(index);
    clearTimeout(timer);
    this.#begun.delete(index);
    this.#timeline.steadily(() => {
      row.classList.remove("going");
      clearState(row);
      row.querySelector(".state").textContent = sentence;
      row.querySelector(".state").hidden = !sentence;
    });
  }
}
