/**
 * What few messages have: the mark of a pin, and chips that say which emoji it was given, by how many and by whom. They
 * are drawn as the server draws them; a chip stays the same node, and keeps the focus, as long as somebody gives its emoji.
 */
import { make, page, t } from "./app.js";
import { fresh } from "./message.js";
import "./words.js";

const NAMED = 10;
const TOLD = 3;

/** What emoji are called, as far as the page knows: those at hand, those of the chips it came with, and all once the picker is there. */
const names = new Map();

export const learnName = (emoji, name) => names.set(emoji, name);

/** Learns the name of every emoji that `root` shows. */
function learnNames(root) {
  for (const { dataset } of root.querySelectorAll("[data-name]")) learnName(dataset.emoji, dataset.name);
}

learnNames(document.getElementById("quick-template").content);

/** Whether one has given the emoji oneself; of many only the first are named, and what was so stays so. */
export const isGiven = (chip) => chip?.getAttribute("aria-pressed") === "true";

export const chipOf = (row, emoji) => [...row.querySelectorAll(".rx button")].find((chip) => chip.value === emoji);

/** What somebody is called, as far as the page knows. */
function nameOf(username) {
  const wrote = document.querySelector(`.msg[data-author="${username}"] .who`);
  return (wrote ?? document.querySelector(`.members [data-presence="${username}"]`)?.closest("li").querySelector("bdi"))?.textContent ?? username;
}

/** The first of those who gave it, oneself before all, and how many more there are. */
function told(usernames, count, isMine) {
  const others = usernames.filter((username) => username !== page.me.username).map(nameOf);
  const shown = [...isMine ? [t("you")] : [], ...others].slice(0, TOLD);
  const [people, n] = [shown.join(", "), count - shown.length];
  return n ? t("and_more", { names: people, n }) : people;
}

/** Says on a chip whether its emoji is one's own. */
export function press(chip, isMine) {
  const { emoji, count } = chip.dataset;
  chip.setAttribute("aria-pressed", String(isMine));
  chip.setAttribute("aria-label", t("reaction", { name: names.get(emoji) ?? emoji, n: count, names: told(chip.givers ?? [], count, isMine) }));
  chip.name = isMine ? "remove" : "add";
}

/** Draws that a row is pinned, and its reactions in the order of their first use. */
export function paintMarks(row) {
  const { pinned, reactions = [] } = row.marks;
  let place = row.querySelector(".rx");
  row.querySelector(".pinned")?.remove();
  if (pinned) (place ?? row.querySelector(".state")).before(fresh("pinned-template"));
  if (place) learnNames(place);
  const chips = reactions.map((reaction) => fill(chipOf(row, reaction.emoji) ?? blank(reaction.emoji), reaction));
  const gone = [...row.querySelectorAll(".rx button")].filter((chip) => !chips.includes(chip));
  if (gone.includes(document.activeElement)) row.focus({ preventScroll: true });
  for (const chip of gone) chip.remove();
  if (!chips.length) return void place?.remove();
  if (!place) row.querySelector(".state").before((place = make("div", "rx")));
  // Those that are in their place are not moved, which would take the focus from them.
  chips.forEach((chip, at) => place.querySelectorAll("button")[at] !== chip && place.append(chip));
}

function blank(emoji) {
  const chip = make("button");
  Object.assign(chip, { type: "button", value: emoji, tabIndex: -1 });
  chip.dataset.emoji = emoji;
  chip.append(`${emoji} `, make("span"));
  return chip;
}

function fill(chip, { emoji, count, usernames }) {
  const isMine = usernames.includes(page.me.username) || (count > usernames.length && isGiven(chip));
  const more = count - Math.min(count, NAMED);
  chip.dataset.count = count;
  chip.querySelector("span").textContent = count;
  chip.givers = usernames;
  chip.title = usernames.slice(0, NAMED).map(nameOf).join(", ") + (more ? `, +${more}` : "");
  press(chip, isMine);
  return chip;
}
