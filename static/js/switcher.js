/**
 * The dialog that finds a room by a few letters. It is open already when this module comes: what was typed meanwhile
 * stands in its field.
 */
import { make, page, t, tn } from "./app.js";
import "./words.js";

export class Switcher {
  #rooms;
  #dialog = document.getElementById("switcher");
  #input = document.getElementById("switcher-input");
  #list = document.getElementById("switcher-list");
  #links = [];
  #at = 0;

  constructor(rooms) {
    this.#rooms = rooms;
    this.#input.addEventListener("input", () => this.search());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => this.#go(this.#links[Number(event.target.closest("[data-at]")?.dataset.at)]));
  }

  /** Without a word what is unread comes first; with one, names that begin with it. */
  search() {
    const word = fold(this.#input.value.trim());
    const rank = ({ name, unread }) => (word ? (fold(name).startsWith(word) ? 0 : 1) : unread ? 0 : 1);
    const named = this.#rooms.all.map((room) => ({ ...room, name: room.link.querySelector(".n").textContent }));
    const found = named.filter(({ name }) => fold(name).includes(word)).sort((one, other) => rank(one) - rank(other));
    if (word) found.push({ link: searchFor(this.#input.value.trim()), name: t("search_for", { words: this.#input.value.trim() }), unread: 0 });
    this.#links = found.map(({ link }) => link);
    this.#list.replaceChildren(...found.map(option));
    if (!found.length) this.#list.append(nothing());
    this.#select(0);
  }

  #select(at) {
    this.#at = Math.max(0, Math.min(at, this.#links.length - 1));
    [...this.#list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === this.#at && this.#links.length > 0)));
    const chosen = this.#links.length ? this.#list.children[this.#at] : null;
    this.#input.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  #onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown") this.#select(this.#at + 1);
    else if (event.key === "ArrowUp") this.#select(this.#at - 1);
    else if (event.key === "Enter") this.#go(this.#links[this.#at]);
    else return;
    event.preventDefault();
  }

  #go(link) {
    if (!link) return;
    this.#dialog.close();
    if (!page.room || link.dataset.room !== page.room.slug) link.click();
  }
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const searchFor = (words) => Object.assign(document.getElementById("switcher-search"), { href: `/search?q=${encodeURIComponent(words)}` });

function option({ link, name, unread }, at) {
  const item = make("li");
  Object.assign(item, { id: `switcher-${at}`, role: "option" });
  item.dataset.at = at;
  const hint = link.dataset.kind === "direct" ? t("kind_direct") : "";
  const label = make("span", "n");
  label.append(make("bdi", "", name));
  item.append(link.firstElementChild.cloneNode(true), label, make("span", "k", unread ? tn("unread", unread) : hint));
  return item;
}

function nothing() {
  const item = make("li", "", t("no_rooms_found"));
  item.role = "option";
  item.ariaDisabled = "true";
  return item;
}
