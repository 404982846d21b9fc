/**
 * The dialog in which one emoji of all is chosen: those used last first, then by group, or found by a word. A combobox
 * over a list of options in rows; arrows move through it, Enter chooses, Escape closes. It opens at once, and what there
 * is to choose from comes when it does, with the first time.
 */
import { isComposing, make, t } from "./app.js";
import { learnName } from "./chips.js";
import { allEmoji, rememberEmoji, usedEmoji } from "./emoji.js";
import { sheet } from "./sheet.js";
import { fold } from "./words.js";

const dressed = sheet("picker");

const COLUMNS = 8;
const MOST_FOUND = 160;

class Picker {
  #groups = null;
  /** By each way of writing an emoji, also with a tone of skin. */
  #known = new Map();
  #dialog = make("dialog", "dialog picker");
  #input = make("input");
  #list = make("div", "picker-list");
  /** What is shown, as rows of options, and which of them is chosen. */
  #rows = [];
  #at = [0, 0];
  #answer = "";

  constructor() {
    this.#build();
    document.body.append(this.#dialog);
  }

  /** Resolves to the emoji, or to "" when the dialog is closed without one. */
  choose() {
    this.#answer = this.#input.value = "";
    this.#dialog.showModal();
    if (this.#groups) this.#draw();
    else this.#load();
    return new Promise((resolve) => this.#dialog.addEventListener("close", () => resolve(this.#answer), { once: true }));
  }

  /** Fetches what there is to choose from; what does not arrive is tried again with the next opening. */
  async #load() {
    this.#list.replaceChildren(sentence(t("loading_emoji")));
    try {
      this.#learn(await allEmoji());
    } catch {
      this.#list.replaceChildren(sentence(t("not_connected")));
    }
  }

  #learn(groups) {
    for (const { emoji: all } of groups) {
      for (const each of all) {
        each.words = fold([each.name, ...each.shortcodes, ...each.keywords].join(" "));
        for (const spelling of [each.emoji, ...each.skins ?? []]) this.#known.set(spelling, { ...each, emoji: spelling });
        learnName(each.emoji, each.name);
      }
    }
    this.#groups = groups;
    this.#draw();
  }

  get isOpen() { return this.#dialog.open; }

  #build() {
    Object.assign(this.#dialog, { id: "picker", closedBy: "any" });
    this.#dialog.setAttribute("aria-label", t("pick_emoji"));
    Object.assign(this.#input, { type: "text", autocomplete: "off", autofocus: true, spellcheck: false, placeholder: t("find_emoji") });
    const about = { role: "combobox", "aria-expanded": "true", "aria-controls": "picker-list", "aria-autocomplete": "list", "aria-label": t("find_emoji") };
    for (const [name, value] of Object.entries(about)) this.#input.setAttribute(name, value);
    Object.assign(this.#list, { id: "picker-list", role: "listbox", ariaLabel: t("pick_emoji") });
    this.#dialog.append(this.#input, this.#list);
    // The letters of which a Chinese word is being made are nobody's name.
    this.#input.addEventListener("input", (event) => !event.isComposing && this.#draw());
    this.#input.addEventListener("compositionend", () => this.#draw());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => this.#take(event.target.closest("[data-emoji]")));
  }

  #draw() {
    if (!this.#groups) return;
    const word = fold(this.#input.value.trim());
    const groups = word ? [{ name: t("results"), emoji: this.#find(word) }] : [this.#recent(), ...this.#groups];
    const drawn = groups.filter(({ emoji }) => emoji.length).map(drawGroup);
    this.#list.replaceChildren(...drawn);
    if (!drawn.length) this.#list.append(sentence(t("no_emoji_found")));
    this.#list.scrollTop = 0;
    const options = drawn.map((group) => [...group.querySelectorAll("[data-emoji]")]);
    this.#rows = options.flatMap((all) => Array.from({ length: Math.ceil(all.length / COLUMNS) }, (_, n) => all.slice(n * COLUMNS, (n + 1) * COLUMNS)));
    this.#select(0, 0);
  }

  /** Those whose names begin with it before those that have it elsewhere. */
  #find(word) {
    const all = this.#groups.flatMap(({ emoji }) => emoji);
    const direct = this.#known.get(this.#input.value.trim());
    const rank = ({ name, shortcodes }) => ([name, ...shortcodes].some((each) => each.startsWith(word)) ? 0 : 1);
    const found = all.filter(({ words }) => words.includes(word)).sort((one, other) => rank(one) - rank(other));
    return [...direct ? [direct] : [], ...found].slice(0, MOST_FOUND);
  }

  #recent() {
    return { name: t("used_last"), emoji: usedEmoji().map((emoji) => this.#known.get(emoji)).filter(Boolean) };
  }

  #select(row, column) {
    const [before] = this.#list.querySelectorAll('[aria-selected="true"]');
    before?.setAttribute("aria-selected", "false");
    row = Math.max(0, Math.min(row, this.#rows.length - 1));
    this.#at = [row, Math.max(0, Math.min(column, (this.#rows[row]?.length ?? 1) - 1))];
    const chosen = this.#rows[row]?.[this.#at[1]];
    chosen?.setAttribute("aria-selected", "true");
    chosen?.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", chosen?.id ?? "");
  }

  #onKey(event) {
    if (isComposing(event)) return;
    const [row, column] = this.#at;
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, forward], ArrowLeft: [0, -forward] };
    if (event.key === "Enter") this.#take(this.#rows[row]?.[column]);
    else if (!(event.key in steps)) return;
    else this.#step(row + steps[event.key][0], column + steps[event.key][1]);
    event.preventDefault();
  }

  /** Past the end of a row goes on with the next. */
  #step(row, column) {
    if (column < 0 && row > 0) this.#select(row - 1, COLUMNS);
    else if (column >= (this.#rows[row]?.length ?? 0) && row === this.#at[0]) this.#select(row + 1, 0);
    else this.#select(row, column);
  }

  #take(option) {
    if (!option) return;
    this.#answer = option.dataset.emoji;
    rememberEmoji(this.#answer);
    this.#dialog.close();
  }
}

let picker = null;

/** Resolves to the emoji that somebody chooses; to "" when they choose none, or are choosing already. What is typed until then is typed there. */
export async function chooseEmoji() {
  await dressed;
  picker ??= new Picker();
  return picker.isOpen ? "" : picker.choose();
}

function drawGroup({ name, emoji }, at) {
  const group = make("div", "picker-group");
  const title = make("div", "picker-title", name);
  title.id = `picker-${at}`;
  group.role = "group";
  group.setAttribute("aria-labelledby", title.id);
  const grid = make("div", "picker-grid");
  grid.role = "presentation";
  grid.append(...emoji.map((each, n) => drawOption(each, `picker-${at}-${n}`)));
  group.append(title, grid);
  return group;
}

function drawOption({ emoji, name }, id) {
  const option = make("div", "", emoji);
  Object.assign(option, { id, role: "option", title: name, ariaLabel: name, ariaSelected: "false" });
  Object.assign(option.dataset, { emoji, name });
  return option;
}

/** Instead of emoji; not to be chosen. */
function sentence(text) {
  const none = make("p", "picker-none", text);
  return Object.assign(none, { role: "option", ariaDisabled: "true", ariaSelected: "false" });
}
