/**
 * The dialog that finds a room or a person by a few letters. It is open already when this module comes: what was typed
 * meanwhile stands in its field.
 */
import { isComposing, make, page, t, tn } from "./app.js";
import { askFor } from "./offers.js";
import { fold } from "./words.js";

const MOST_OPEN = 10;

/** @typedef {{name: string, sign: Element, hint: string, go: () => void, slug?: string, unread?: number, isSearch?: boolean}} Place */

export class Switcher {
  #rooms;
  #dialog = document.getElementById("switcher");
  #input = document.getElementById("switcher-input");
  #list = document.getElementById("switcher-list");
  /** @type {Place[]} */
  #places = [];
  #at = 0;
  /** What the server knows besides, on its way. */
  #coming = null;
  #beyond = null;

  constructor(rooms) {
    this.#rooms = rooms;
    this.#input.addEventListener("input", () => this.search());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => this.#go(this.#places[Number(event.target.closest("[data-at]")?.dataset.at)]));
  }

  /** Without a word what is unread comes first; with one, names that begin with it, and then what is not in the list yet. */
  search() {
    const typed = this.#input.value.trim();
    const word = fold(typed);
    const rank = ({ name, unread }) => (word ? (fold(name).startsWith(word) ? 0 : 1) : unread ? 0 : 1);
    const own = this.#rooms.all.map(listed).filter(({ name }) => fold(name).includes(word)).sort((one, other) => rank(one) - rank(other));
    this.#draw([...own, ...(word ? [searchFor(typed)] : [])], 0);
    if (!word) return void (this.#beyond = new Beyond());
    this.#coming = (this.#beyond ??= new Beyond()).find(typed).then((more) => {
      if (typed !== this.#input.value.trim()) return;
      const isBelow = own.length > 0 && this.#at >= own.length;
      this.#draw([...own, ...more, searchFor(typed)], isBelow ? Infinity : this.#at);
    });
  }

  #draw(places, at) {
    this.#places = places;
    this.#list.replaceChildren(...places.map(option));
    if (!places.length) this.#list.append(nothing());
    document.dispatchEvent(new Event("redrawn"));
    this.#select(at);
  }

  #select(at) {
    this.#at = Math.max(0, Math.min(at, this.#places.length - 1));
    [...this.#list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === this.#at && this.#places.length > 0)));
    const chosen = this.#places.length ? this.#list.children[this.#at] : null;
    this.#input.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  #onKey(event) {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") this.#select(this.#at + 1);
    else if (event.key === "ArrowUp") this.#select(this.#at - 1);
    else if (event.key === "Enter") this.#choose();
    else return;
    event.preventDefault();
  }

  /** Who types a name and Enter wants the person, and not messages that hold it, though that is all there is so far. */
  async #choose() {
    if (this.#at === 0 && this.#places[0]?.isSearch) await this.#coming;
    if (this.#dialog.open) this.#go(this.#places[this.#at]);
  }

  #go(place) {
    if (!place) return;
    this.#dialog.close();
    if (!page.room || place.slug !== page.room.slug) place.go();
  }
}

/** What is not in the reader's own list: open rooms they are not in, and people they have not written to. */
class Beyond {
  #rooms = null;

  /** @returns {Promise<Place[]>} */
  async find(typed) {
    this.#rooms ??= askFor("/api/v1/rooms").catch(() => void (this.#rooms = null));
    const people = askFor(`/api/v1/rooms/general/candidates?q=${encodeURIComponent(typed)}`).catch(() => null);
    const [rooms, candidates] = [(await this.#rooms)?.rooms ?? [], (await people)?.candidates ?? []];
    const word = fold(typed);
    const open = rooms.filter(({ role, title }) => !role && fold(title).includes(word)).slice(0, MOST_OPEN);
    const known = new Set([...document.querySelectorAll("#sidebar .room-link .dot")].map((dot) => dot.dataset.presence));
    return [...candidates.filter(({ username }) => !known.has(username)).map(person), ...open.map(room)];
  }
}

function listed({ link, unread }) {
  const hint = unread ? tn("unread", unread) : link.dataset.kind === "direct" ? t("kind_direct") : "";
  const name = link.querySelector(".n").textContent;
  return { name, hint, unread, slug: link.dataset.room, sign: link.firstElementChild.cloneNode(true), go: () => link.click() };
}

function room({ title: name, slug }) {
  const sign = document.querySelector('#sidebar [data-kind="open"]').firstElementChild.cloneNode(true);
  return { name, slug, sign, hint: t("kind_open"), go: () => location.assign(`/rooms/${slug}`) };
}

function person({ username, display_name: name }) {
  const sign = make("span", "dot");
  Object.assign(sign.dataset, { presence: username, state: "offline" });
  return { name, sign, hint: `@${username}`, go: () => write(username) };
}

/** Opens the conversation with somebody as the page of all people does. */
function write(username) {
  const form = Object.assign(make("form"), { method: "post", action: "/direct", hidden: true });
  const { csrf } = document.querySelector('form[action="/logout"]').elements;
  for (const [name, value] of [["csrf", csrf.value], ["username", username]]) form.append(Object.assign(make("input"), { name, value }));
  document.body.append(form);
  form.submit();
}

function searchFor(words) {
  const link = document.getElementById("switcher-search");
  link.href = `/search?q=${encodeURIComponent(words)}`;
  return { name: t("search_for", { words }), hint: "", isSearch: true, sign: link.firstElementChild.cloneNode(true), go: () => link.click() };
}

function option({ name, hint, sign }, at) {
  const item = make("li");
  Object.assign(item, { id: `switcher-${at}`, role: "option" });
  item.dataset.at = at;
  const label = make("span", "n");
  label.append(make("bdi", "", name));
  item.append(sign, label, make("span", "k", hint));
  return item;
}

function nothing() {
  const item = make("li", "", t("no_rooms_found"));
  item.role = "option";
  item.ariaDisabled = "true";
  return item;
}
