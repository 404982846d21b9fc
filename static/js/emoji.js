/**
 * All emoji there are, with their names in the language of the page, and which of them somebody used last. They are
 * fetched when they are first asked for; what does not arrive is fetched again with the next question.
 */
import { LIMITS, page, storage } from "./app.js";
import { askFor } from "./offers.js";

const MOST_USED = 16;
const key = `emoji:${page.me.username}`;
let table = null;

/** @typedef {{emoji: string, name: string, shortcodes: string[], keywords: string[], skins?: string[]}} Emoji */

/** In groups, in the order of the CLDR. @returns {Promise<{name: string, emoji: Emoji[]}[]>} */
export function allEmoji() {
  const { all } = document.getElementById("quick-template").content.firstElementChild.dataset;
  table ??= askFor(all, {}, LIMITS.patience);
  table.catch(() => { table = null; });
  return table;
}

/** The last first. */
export const usedEmoji = () => (storage.read(key) ?? "").split(" ").filter(Boolean);
export const rememberEmoji = (chosen) => storage.write(key, [chosen, ...usedEmoji().filter((each) => each !== chosen)].slice(0, MOST_USED).join(" "));
