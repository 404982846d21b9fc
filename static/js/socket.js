/**
 * The page's one socket: it stays connected, notices when it is dead, gives every question its answer and every
 * listener its news, and tells people in a banner only what they need to know.
 */
import { LIMITS, announce, kept, page, t } from "./app.js";
import { ask } from "./offers.js";

const [VANISHED, SESSION_ENDED] = [1006, 4401];
/** What the banner says while there is no connection, and with the seconds until the next try. */
const [LOST, RESTARTING] = [["reconnecting", "reconnecting_in"], ["restarting", "restarting_in"]];

/** Why a question has no answer: `code` is the server's, or `disconnected`, or `timeout`. */
export class Refused extends Error {
  constructor({ code, message = "", retry_after = 0 }) {
    super(message || code);
    this.code = code;
    this.retryAfter = retry_after;
  }
}

export class Connection {
  #socket = null;
  #isOnline = false;
  #attempt = 0;
  #ref = 0;
  #heardAt = 0;
  #hiddenAt = 0;
  #triedAt = 0;
  #interval = LIMITS.heartbeat;
  #spread = 0;
  #drainDelay = null;
  #questions = new Map();
  #listeners = new Map();
  #timers = {};
  #banner = new Banner(() => this.tryNow());

  /** True from hello on. */
  get isOnline() { return this.#isOnline; }

  start() {
    addEventListener("online", () => (this.#isOnline ? this.#beat() : this.#connect()));
    addEventListener("offline", () => (this.#isOnline ? this.#lose() : this.#banner.redraw()));
    // Closed on leaving, so that the page may rest in the back/forward cache; back from there it connects at once.
    addEventListener("pagehide", () => this.#hangUp());
    addEventListener("pageshow", (event) => event.persisted && this.tryNow());
    // Frozen in the background it would hear nothing, and its person be taken for present.
    document.addEventListener("freeze", () => this.#hangUp());
    document.addEventListener("resume", () => this.tryNow());
    document.addEventListener("visibilitychange", () => this.#onVisibility());
    this.#connect();
  }

  /** Calls `listener(frame)` for each piece of news called `event`; also for `hello`, `stale` and `lost`. */
  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /** Asks, and resolves to the answer; rejects with Refused. Never waits longer than `within` ms. */
  request(action, fields = {}, within = LIMITS.answer) {
    return new Promise((resolve, reject) => {
      if (!this.#isOnline) return void reject(new Refused({ code: "disconnected" }));
      const ref = ++this.#ref;
      const giveUp = () => this.#settle(ref, (question) => question.reject(new Refused({ code: "timeout" })));
      this.#questions.set(ref, { resolve, reject, timer: setTimeout(giveUp, within) });
      this.#socket.send(JSON.stringify({ action, ref, ...fields }));
    });
  }

  /** Connects now instead of when the delay is over; anew where a try has hung for long. */
  tryNow() { if (!this.#isOnline && performance.now() > this.#triedAt + LIMITS.answer / 2) this.#connect(); }

  /** Nobody may stay: what the server says is no news, and of what is not kept here nobody is asked. */
  leave() { this.#hangUp(); page.isOver = true; }

  /** Puts the banner away; false when there is none. */
  dismiss() { return this.#banner.dismiss(); }

  #connect() {
    this.#hangUp();
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`);
    this.#socket = socket;
    this.#triedAt = performance.now();
    this.#banner.show("trying");
    this.#timers.hello = setTimeout(() => this.#lose(), LIMITS.answer * Math.min(this.#attempt + 1, LIMITS.slowness));
    socket.addEventListener("message", (event) => socket === this.#socket && this.#hear(event.data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#lose(event.code));
  }

  /** Lets go of the socket without waiting for its goodbye: a dead one never says it. */
  #hangUp() {
    const socket = this.#socket;
    if (this.#isOnline) this.#tell("lost", { heardAt: this.#heardAt });
    [this.#socket, this.#isOnline, this.#triedAt] = [null, false, -Infinity];
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    socket?.close();
    for (const ref of [...this.#questions.keys()]) {
      this.#settle(ref, (question) => question.reject(new Refused({ code: "disconnected" })));
    }
  }

  #lose(code) {
    const wasOnline = this.#isOnline;
    this.#hangUp();
    if (code === SESSION_ENDED) return void this.#signOut();
    if (!wasOnline) this.#askWhetherSignedOut();
    const wait = this.#drainDelay ?? retryDelay(this.#attempt++, code === VANISHED ? this.#spread : 0);
    this.#drainDelay = null;
    this.#timers.retry = setTimeout(() => this.#connect(), wait);
    this.#banner.show("waiting", performance.now() + wait);
  }

  /** A refused upgrade looks like a lost network to a page; the server says which it was, and not who stands between. */
  async #askWhetherSignedOut() {
    const answer = await ask("/api/v1/me", { headers: { Accept: "application/json" } }).then((each) => each.json()).catch(() => null);
    if (!this.#isOnline && ["unauthenticated", "forbidden"].includes(answer?.code)) this.#signOut();
  }

  /** Whoever sits there now must not read on, nor come Back to it. What was written waits for its writer. */
  #signOut() {
    this.leave();
    document.body.hidden = true;
    const ended = kept().length ? "kept" : "all";
    location.replace(`/login?${new URLSearchParams({ next: location.pathname, ended })}`);
  }

  #hear(data) {
    this.#heardAt = Date.now();
    const frame = JSON.parse(data);
    if (frame.event === "hello") this.#welcome(frame);
    else if (frame.event === "draining") this.#drain(frame);
    else if (frame.event) this.#tell(frame.event, frame);
    else this.#answer(frame);
  }

  /** The server leaves: it closes by itself once it has answered, and is back after `retry_after` seconds. */
  #drain(frame) {
    this.#drainDelay = returnDelay(frame.retry_after);
    this.#banner.expectRestart();
    this.#timers.drain = setTimeout(() => this.#lose(), LIMITS.answer);
  }

  #welcome(hello) {
    // Somebody else signed in with this browser meanwhile: this page is not theirs.
    if (hello.user && hello.user.username !== page.me.username) return void (this.leave(), location.reload());
    clearTimeout(this.#timers.hello);
    this.#isOnline = true;
    this.#spread = hello.spread;
    this.#interval = (hello.heartbeat ?? 0) * 1000 || LIMITS.heartbeat;
    this.#timers.healthy = setTimeout(() => { this.#attempt = 0; }, LIMITS.healthy);
    this.#timers.beat = setTimeout(() => this.#beat(), this.#interval);
    this.#banner.show("online");
    if (page.server && hello.server !== page.server) this.#banner.offerReload();
    this.#tell("hello", hello);
  }

  #answer(frame) {
    const error = frame.ok ? null : new Refused(frame.error ?? { code: "internal" });
    const isExpected = this.#settle(frame.ref, (question) => (error ? question.reject(error) : question.resolve(frame)));
    // An acknowledgement that came after its question was given up is still the truth.
    if (!isExpected && frame.message) this.#tell("late", frame);
  }

  #settle(ref, how) {
    const question = this.#questions.get(ref);
    if (!question) return false;
    this.#questions.delete(ref);
    clearTimeout(question.timer);
    how(question);
    return true;
  }

  #tell(event, frame) {
    for (const listener of this.#listeners.get(event) ?? []) listener(frame);
  }

  /** A live socket does not notice a dead network: ask, and give up on it after two silences. */
  async #beat(missed = 0) {
    const socket = this.#socket;
    const askedAt = Date.now();
    const answer = this.request("ping", {}, Math.min(LIMITS.answer, this.#interval));
    const isAlive = await answer.then((frame) => { this.#spread = frame.spread; return true; }, () => this.#heardAt > askedAt);
    if (socket !== this.#socket || !this.#isOnline) return;
    if (!isAlive && missed + 1 >= LIMITS.missedHeartbeats) return void this.#lose();
    clearTimeout(this.#timers.beat);
    this.#timers.beat = setTimeout(() => this.#beat(isAlive ? 0 : missed + 1), isAlive ? this.#interval : 0);
  }

  #onVisibility() {
    const isHidden = document.visibilityState === "hidden";
    if (isHidden) return void (this.#hiddenAt = Date.now(), this.#banner.reloadQuietly());
    if (!this.#isOnline) return void this.tryNow();
    if (Date.now() - this.#hiddenAt > LIMITS.stale) this.#tell("stale", {});
    this.#beat();
  }
}

/** Says how the connection is, late enough that a hiccup is never seen. */
class Banner {
  #box = document.getElementById("banner");
  #text = document.getElementById("banner-text");
  #button = document.getElementById("banner-try");
  #state = "online";
  #until = 0;
  #timers = {};
  #isFirst = true;
  #loss = LOST;
  #isDue = false;
  #isOutdated = false;

  constructor(tryNow) {
    document.addEventListener("outdated", () => this.offerReload());
    // The countdown is for eyes; listeners hear one sentence when it starts and one when it is over.
    this.#text?.setAttribute("aria-live", "off");
    this.#button?.addEventListener("click", () => (this.#isOutdated && this.#state === "online" ? location.reload() : tryNow()));
  }

  /** Shows `state`: online, trying, or waiting (`until` the moment of the next try). */
  show(state, until = 0) {
    if (state === "waiting") this.#isFirst = false;
    if (state === "online") this.#rest();
    else if (this.#state === "online") this.#timers.due = setTimeout(() => this.#appear(), LIMITS.banner);
    this.#state = state;
    this.#until = until;
    this.redraw();
  }

  /** The next loss is no accident. */
  expectRestart() { this.#loss = RESTARTING; }

  /** A newer server is running, or another language was chosen: the page may be fetched again, by the person or when nobody would notice. */
  offerReload() {
    this.#isOutdated = this.#isDue = true;
    this.redraw();
  }

  reloadQuietly() {
    const isIdle = document.getElementById("message")?.value === "" && !document.querySelector(".tray > *, .msg:is(.failed, .pending, .editing, .going)");
    if (this.#isOutdated && this.#state === "online" && isIdle) location.reload();
  }

  dismiss() {
    const isShown = Boolean(this.#box && !this.#box.hidden);
    if (isShown) this.#isDue = false;
    this.redraw();
    return isShown;
  }

  redraw() {
    clearTimeout(this.#timers.tick);
    if (!this.#box) return;
    const sentence = this.#isDue ? this.#sentence() : "";
    if (!sentence && this.#box.contains(document.activeElement)) document.getElementById("message")?.focus();
    this.#box.hidden = !sentence;
    if (this.#text.firstChild?.data !== sentence) this.#text.textContent = sentence;
    this.#drawButton();
    if (this.#state === "waiting") this.#timers.tick = setTimeout(() => this.redraw(), 1000);
  }

  #rest() {
    clearTimeout(this.#timers.due);
    if (!this.#isFirst && this.#isDue) announce(t("back_online"));
    this.#isFirst = false;
    this.#loss = LOST;
    this.#isDue = this.#isOutdated;
  }

  #appear() {
    clearTimeout(this.#timers.due);
    this.#isDue = true;
    this.redraw();
    announce(this.#state === "waiting" ? t(this.#loss[0]) : this.#sentence());
  }

  #sentence() {
    if (this.#state === "online") return this.#isOutdated ? t("updated") : "";
    if (!navigator.onLine) return t("offline");
    if (this.#isFirst) return t("connecting");
    const seconds = Math.ceil((this.#until - performance.now()) / 1000);
    const isFar = this.#state === "waiting" && seconds >= LIMITS.countdownFromSeconds;
    return isFar ? t(this.#loss[1], { n: seconds }) : t(this.#loss[0]);
  }

  #drawButton() {
    this.#button.textContent = this.#state === "online" ? t("reload") : t("try_now");
    this.#button.setAttribute("aria-busy", String(this.#state === "trying"));
  }
}

// How long a page stays away, so that thousands who were cut off together do not come back together.

/** Milliseconds until try number `attempt` (from 0) after a loss: half of a window that doubles, and up to as long or `spread` seconds more. */
export function retryDelay(attempt, spread = 0, random = Math.random()) {
  const half = LIMITS.retrySeconds.at(attempt < LIMITS.retrySeconds.length ? attempt : -1) * 500;
  return half + Math.max(half, spread * 1000) * random;
}

/** Milliseconds until a server is back that asked for `retryAfter` seconds: as long again is for spreading out. */
export function returnDelay(retryAfter, random = Math.random()) {
  return (retryAfter || 1) * 1000 * (1 + random);
}
