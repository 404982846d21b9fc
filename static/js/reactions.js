/** Giving an emoji to a message and taking it back, by its chip or from the picker; and pinning, which is as short. */
import { announce, page, t } from "./app.js";
import { chipOf, isGiven, press } from "./chips.js";
import { indexOf } from "./message.js";
import { chooseEmoji } from "./picker.js";
import "./words.js";

const SAID_MS = 6_000;
const room = page.room?.slug;

export class Reactions {
  #connection;
  #timeline;

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
  }

  give(row, emoji) {
    return this.#turn(row, emoji, true);
  }

  toggle(row, chip) {
    return this.#turn(row, chip.value, !isGiven(chip));
  }

  /** Lets an emoji be chosen of all there are. */
  async pick(row) {
    const emoji = await chooseEmoji();
    // The toolbar, where the focus was, may have gone on to another row meanwhile.
    if (!row.contains(document.activeElement)) row.focus({ preventScroll: true });
    if (emoji) await this.give(row, emoji);
  }

  pin(row) {
    return this.#ask(row, "pinMessage");
  }

  unpin(row) {
    return this.#ask(row, "unpinMessage");
  }

  async #turn(row, emoji, isMine) {
    if (!await this.#ask(row, isMine ? "addReaction" : "removeReaction", { emoji })) return;
    // Of many only the first are named: whether one is among the others is known here.
    const chip = chipOf(row, emoji);
    if (chip) press(chip, isMine);
  }

  /** Whether it was done. */
  async #ask(row, action, fields = {}) {
    try {
      const { message } = await this.#connection.request(action, { room, index: indexOf(row), ...fields });
      this.#timeline.show([message]);
      return true;
    } catch (error) {
      sayBelow(this.#timeline, row, ["disconnected", "timeout"].includes(error.code) ? t("not_connected") : error.message);
      return false;
    }
  }
}

/** Why something was not done, below the message for a while. */
export function sayBelow(timeline, row, sentence) {
  const state = row.querySelector(".state");
  const show = (text) => timeline.steadily(() => Object.assign(state, { textContent: text, hidden: !text }));
  show(sentence);
  announce(sentence);
  setTimeout(() => state.textContent === sentence && show(""), SAID_MS);
}
