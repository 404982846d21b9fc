/**
 * The open room's messages: a window of rows onto its log, in the order of their index, that grows at both ends,
 * follows the newest while somebody reads there, never moves what is being read, and says how far it is complete.
 */
import { LIMITS, make, page, t, tn } from "./app.js";
import { Hearing } from "./hearing.js";
import {
  blankRow, clear, divider, enliven, flash, indexOf, isGrouped, localise, rowsInSight, newLine, paint, place, quoteAnew, rename, rowAbove,
  rowBelow, sayComplete, unmark, waitingRow,
} from "./message.js";
import { worded } from "./offers.js";

const room = page.room?.slug;

export class Timeline {
  /** Set by the outbox: gives up the waiting row that became this message, if it is one of ours. */
  claim = () => null;
  /** Called when the room is heard again, and when it is no longer ours to hear. */
  onRepaired = () => {};
  onLost = () => {};
  /** The list this room is one of. */
  rooms;
  hearing;
  #connection;
  #log = document.getElementById("timeline");
  #older = document.getElementById("older");
  #pill = document.getElementById("pill");
  #newLine = document.getElementById("new-line") ?? newLine();
  #firstNew = indexOf(this.#newLine.nextElementSibling) || (page.oldest > page.read_index + 1 ? page.read_index + 1 : NaN);
  #top = make("div");
  #isBound = false; // for the newest, which did not come
  #bottom = document.getElementById("complete");
  #index = page.index;
  #isAtEnd = true;
  #checkedAt = this.#bottom.querySelector("time").dateTime; // when it was last up to date; 0 while it is
  #missedFrom = NaN; // the first message of a long absence, while not all of it is here
  #continuity = null;
  #fetching = null;

  constructor(connection, rooms) {
    this.#connection = connection;
    this.rooms = rooms;
    this.hearing = new Hearing(connection, this);
    connection.on("lost", ({ heardAt }) => this.#check(this.#checkedAt || heardAt));
    connection.on("roomRemoved", (frame) => frame.room === room && this.#check(Date.now()));
    connection.on("userChanged", (frame) => rename(this.#log, frame.username, frame.display_name));
    connection.on("late", (frame) => frame.message.room === room && this.show([frame.message]));
    this.#enhance();
    this.#open();
    rooms.watch(this);
  }

  get #rows() { return [...this.#log.querySelectorAll(".msg[data-index]")]; }
  get #oldest() { return indexOf(this.#log.querySelector(".msg[data-index]")) || 0; }
  get #newest() { return indexOf(this.#rows.at(-1)) || 0; }
  get #hasNewer() { return this.#newest < this.#index; }
  get #isNearEnd() { return !this.#hasNewer && this.#pixelsBelow <= LIMITS.followPixels; }
  get #pixelsBelow() { return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight; }

  /** What is before the first row: the numbers, and the element after which they belong. */
  get past() { return { isPast: true, above: this.#top, from: 1, to: this.#oldest - 1 }; }

  /** What is missing: before the first row of those that came during a long absence, between two, and after the last. */
  get gaps() {
    const rows = this.#rows;
    const between = rows.map((row, at) => ({ above: row, from: indexOf(row) + 1, to: (indexOf(rows[at + 1]) || this.#index + 1) - 1 }));
    return [{ ...this.past, from: this.#missedFrom }, ...between].filter(({ from, to }) => from <= to);
  }

  /** Draws messages as they are now, wherever in the window they belong. */
  show(messages) {
    const news = [];
    this.extend(messages, (message) => this.#draw(message) && news.push(message));
    if (news.length) import("./speaking.js").then(({ announceMessage }) => news.forEach(announceMessage)).catch(() => {});
  }

  extend(messages, draw = (message) => this.#put(message)) {
    this.steadily(() => (messages.forEach(draw), this.#trim()));
    this.#onScroll();
  }

  /** A row for words that are not stored yet: after everything that is, and in sight. */
  append(content, at, replyTo, files) {
    const row = waitingRow(content, at, replyTo, files, (change) => this.steadily(change));
    this.steadily(() => (this.#bottom.before(row), this.#tidy(row)));
    return row;
  }

  remove(row) { this.steadily(() => this.#drop(row)); }

  /** Changes rows: somebody at the end stays there, and what anybody else sees stays where it is. */
  steadily(change) {
    const isAtEnd = this.#isNearEnd;
    const top = this.#log.getBoundingClientRect().top;
    const anchor = isAtEnd ? null : this.#rows.find((row) => row.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top;
    change();
    this.#drawEdges();
    if (isAtEnd) this.#toEnd();
    else if (anchor?.isConnected) this.#log.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  /** Goes to the newest message, fetching it first where the window ends before it; once more with the next connection, where it did not come. */
  async catchUp() {
    const newest = { room, limit: this.hearing.most };
    const fails = () => this.#connection.request("getRecentMessages", newest).then(({ messages }) => void this.#replace(messages), () => true);
    this.#isBound = this.#hasNewer && await fails();
    if (document.activeElement === this.#pill) this.#log.focus({ preventScroll: true });
    this.#toEnd();
  }

  /** Everything here is known now: the New line goes, and the newest comes into sight. */
  finishReading() {
    this.beginNewAt(NaN);
    this.rooms.readOn();
    return this.catchUp();
  }

  /** Puts the New line over the first message from `index` on; nowhere with NaN. */
  beginNewAt(index) {
    const below = this.#newLine.isConnected && rowBelow(this.#newLine);
    this.#firstNew = index;
    for (const row of [below, this.#rows.find((each) => indexOf(each) >= index)]) if (row) this.#tidy(row);
  }

  /** Which row somebody reads who is not at the end, and where on the screen it is. */
  get read() {
    const row = this.#isNearEnd ? null : rowsInSight(this.#log)[0];
    return row ? { index: indexOf(row), top: row.getBoundingClientRect().top } : null;
  }

  /** What was missed is here; or, where it is not the whole of it, what is shown instead of all before. */
  take({ index, messages, isWhole, isSame, isAround }) {
    if (isWhole) this.show(messages);
    const [missedFrom, read] = [isSame && !isAround ? this.#index + 1 : NaN, isAround ? this.read : null];
    this.#index = isSame ? Math.max(index, this.#index) : index;
    if (!isWhole) this.#replace(messages, missedFrom, read);
    if (!isSame) worded(import("./holes.js")).then(({ sayRestored }) => this.steadily(() => sayRestored(this.#rows.at(-1) ?? this.#top)));
    this.#continuity?.forgive();
    this.#check(0);
    this.onRepaired();
    if (this.#isBound) return void this.catchUp();
    this.#fill();
  }

  #check(at) { this.steadily(() => { this.#checkedAt = at; }); }

  #enhance() {
    for (const each of this.#log.querySelectorAll("#newer, noscript, .hole")) each.remove(); // is for who has no scripts
    document.getElementById("beginning").after(this.#top);
    for (const row of this.#rows) localise(row), this.#tidy(row);
    this.#drawEdges();
    this.#log.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.#older.tabIndex = -1; // it loads by itself when it comes near, and the log is one stop
    this.#pill.addEventListener("click", () => this.catchUp());
    new ResizeObserver(() => this.#isAtEnd && this.#toEnd()).observe(this.#log);
    enliven(this.#log);
  }

  /** Where reading starts: at the linked message, else at the first new one, else at the end. */
  #open() {
    const target = this.#log.querySelector(".msg.target, .msg:target");
    if (target) flash(target);
    else if (!this.#log.scrollTop) { // else somebody reads already, before the scripts were there
      const offset = this.#newLine.getBoundingClientRect().top - this.#log.getBoundingClientRect().top;
      this.#log.scrollTop = this.#newLine.isConnected ? offset - this.#log.clientHeight / 4 : this.#log.scrollHeight;
    }
    this.#onScroll();
  }

  /** Draws one message where the window reaches; true where it is news from somebody else. */
  #draw(message) {
    const isNews = message.index > this.#index && message.username !== page.me.username;
    const isJoined = message.index <= this.#newest || !this.#hasNewer;
    this.#index = Math.max(this.#index, message.index);
    quoteAnew(message);
    if (isJoined && message.index >= this.#oldest) this.#put(message);
    else this.claim(message)?.remove();
    return isNews;
  }

  #put(message) {
    const known = document.getElementById(`m${message.index}`);
    const waiting = this.claim(message);
    if (known) waiting?.remove();
    if (Number(known?.dataset.version) >= message.version) return;
    const row = paint(known ?? waiting ?? blankRow(), message, (change) => this.steadily(change));
    if (!known) place(row, this.#rows, this.#top);
    this.#tidy(row);
    if (rowBelow(row)) this.#tidy(rowBelow(row));
  }

  /** Gives a row what stands before it: its day, the New line; and its place in a group. */
  #tidy(row) {
    const above = rowAbove(row);
    const index = indexOf(row);
    unmark(row);
    row.before(divider(above, row) ?? "");
    if (index === this.#firstNew || (index > this.#firstNew && indexOf(above) < this.#firstNew)) row.before(this.#newLine);
    row.classList.toggle("first", !isGrouped(above, row));
  }

  #drop(row) {
    const below = rowBelow(row);
    if (row.contains(document.activeElement)) (below ?? this.#log).focus({ preventScroll: true });
    unmark(row);
    row.remove();
    if (below) this.#tidy(below);
  }

  /** Shows these alone: what is `read` where it was, or as near as there is a row, else the newest of them. */
  #replace(messages, missedFrom = NaN, read = null) {
    const focused = document.activeElement.closest(".msg")?.id;
    if (focused) this.#log.focus({ preventScroll: true });
    clear(this.#log);
    this.#continuity?.drop();
    this.#missedFrom = missedFrom;
    for (const message of messages) this.#put(message);
    this.#drawEdges();
    document.getElementById(focused)?.focus({ preventScroll: true });
    const row = read && (this.#rows.findLast((each) => indexOf(each) <= read.index) ?? this.#rows[0]);
    if (!row) return this.#toEnd();
    this.#log.scrollTop += row.getBoundingClientRect().top - read.top;
    this.#onScroll();
  }

  /** Keeps the window bounded: what is farthest from the reader goes, and is fetched again when wanted. */
  #trim() {
    const rows = this.#rows;
    const excess = rows.length - LIMITS.windowRows;
    if (excess <= LIMITS.windowSlackRows) return;
    const isLow = this.#log.scrollTop > this.#pixelsBelow;
    for (const row of isLow ? rows.slice(0, excess) : rows.slice(-excess)) this.#drop(row);
  }

  /** What brings missing messages is fetched with the first that are wanted; a browser remembers of an address that it failed. */
  #fill(again = "") {
    if (this.#continuity) return void this.#continuity.fill();
    const isWanted = this.gaps.length || (this.#oldest > 1 && this.#log.scrollTop < this.#log.clientHeight);
    if (isWanted && this.#connection.isOnline) this.#fetching ??= import(`./continuity.js${again}`).then(({ Continuity }) => {
      this.#continuity = new Continuity(this.#connection, this);
      this.steadily(() => this.#fill());
    }).catch(() => setTimeout(() => this.#fill(`?${Date.now()}`), LIMITS.again)).finally(() => { this.#fetching = null; });
  }

  #onScroll() {
    this.#isAtEnd = this.#isNearEnd;
    this.rooms.look();
    this.drawPill();
    this.#fill();
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#onScroll();
  }

  /** Counts what the list of rooms counts, while it is out of sight. */
  drawPill() {
    const unread = this.#isAtEnd ? 0 : this.rooms.unread;
    const isFar = this.#hasNewer || this.#pixelsBelow > LIMITS.farScreens * this.#log.clientHeight;
    this.#pill.hidden = !unread && !isFar;
    this.#pill.textContent = unread ? tn("new_messages", unread) : t("to_newest");
  }

  #drawEdges() {
    const [oldest, gaps] = [this.#oldest, this.gaps];
    this.#older.hidden = oldest <= 1 || gaps.some(({ isPast }) => isPast);
    this.#older.href = `/rooms/${room}?before=${oldest}`;
    document.getElementById("beginning").hidden = oldest !== 1;
    if (this.#log.querySelector(".msg")) document.getElementById("empty")?.remove();
    if (oldest <= this.#missedFrom) this.#missedFrom = NaN;
    const gap = gaps.find(({ isPast }) => !isPast);
    sayComplete(this.#bottom, { first: oldest, last: gap ? gap.from - 1 : this.#newest, newest: this.#index }, this.#checkedAt);
    this.#continuity?.draw(gaps);
  }

  /** Indexes: the first and the last in sight with nothing between that may still come, and the newest there is. */
  get inSight() {
    const [first, last] = rowsInSight(this.#log).map((row) => indexOf(row) || 0);
    const gap = this.gaps.find((each) => each.from > first && !this.#continuity?.isLost(each));
    return { first, last: gap ? Math.min(last, gap.from - 1) : last, newest: this.#index };
  }
}
