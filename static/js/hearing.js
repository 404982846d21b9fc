/**
 * Hears the open room, notices where something of it was missed, and asks for that: for all of it where it is little,
 * else for what is around the row that somebody reads, or for the newest.
 */
import { LIMITS, page } from "./app.js";

const room = page.room?.slug;

export class Hearing {
  /** So many rows are asked for at once: fewer after each time that they did not come, for that is how a slow line looks. */
  most = LIMITS.pageRows;
  #connection;
  #timeline;
  #version = page.version;
  #epoch = page.epoch;
  #isRepairing = false;
  #isWanting = false; // once more, when what is being asked for is here
  #failed = 0; // times that what was missed did not come

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
    for (const event of ["hello", "stale"]) connection.on(event, () => this.#repair());
    connection.on("messages", (frame) => frame.room === room && this.#hear(frame.messages));
  }

  /** They came, or did not. */
  adapt(isHere) { this.most = isHere ? Math.min(LIMITS.pageRows, this.most * 2) : Math.ceil(this.most / 4); }

  #hear(messages) {
    for (const { version } of messages) if (version === this.#version + 1) this.#version = version;
    const isHole = messages.some(({ version }) => version > this.#version);
    this.#timeline.show(messages);
    if (isHole) this.#repair();
  }

  /** Hears the room from the last version seen on: what was missed comes with the answer. */
  async #repair() {
    this.#isWanting = this.#isRepairing;
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    const answer = await this.#ask().catch((error) => void this.#repairLater(error));
    this.#isRepairing = false;
    if (!answer) return;
    this.#failed = 0;
    this.#timeline.rooms.hear(room, answer);
    this.#version = answer.isSame ? Math.max(this.#version, answer.version) : answer.version;
    this.#epoch = answer.epoch;
    this.#timeline.take(answer);
    if (this.#isWanting) this.#repair();
  }

  async #ask() {
    const isSlow = this.#failed > 1; // once may be chance
    const from = isSlow ? { limit: this.most } : { after: this.#version, epoch: this.#epoch };
    const answer = await this.#connection.request("subscribe", { room, html: true, ...from }, LIMITS.patience);
    const [isWhole, isSame] = [answer.complete && !isSlow, answer.epoch === this.#epoch];
    const read = !isWhole && isSame ? this.#timeline.read : null;
    return { ...answer, isWhole, isSame, isAround: Boolean(read), ...(read && await this.#askAround(read.index, answer.index)) };
  }

  #askAround(index, newest) {
    const wanted = { room, before: Math.min(index + Math.ceil(this.most / 2), newest + 1), limit: this.most };
    return this.#connection.request("getRecentMessages", wanted, LIMITS.patience).then(({ messages }) => ({ messages }));
  }

  #repairLater(error) {
    if (["timeout", "disconnected"].includes(error.code)) this.adapt(!++this.#failed);
    if (error.code === "not_found") this.#timeline.onLost();
    else if (error.code !== "disconnected") setTimeout(() => this.#repair(), error.retryAfter * 1000 || LIMITS.again);
  }
}
