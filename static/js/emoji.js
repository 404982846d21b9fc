/**
 * All emoji there are, with their names in the language of the page, and which of them somebody used last. They are
 * fetched when they are first asked for; what does not arrive is fetched again with the next question.
 */
import { page, storage } from "./app.js";

const MOST_USED = 16;
const key = `emoji:${page.me.username}`;
let table = null;

/** @typedef {{emoji: string, name: string, shortcodes: string[], keywords: string[], skins?: string[]}} Emoji */

/** In groups, in the order of the CLDR. @returns {Promise<{name: string, emoji: Emoji[]}[]>} */
export function allEmoji() {
  table ??= fetched(document.getElementById("quick-template").content.firstElementChild.dataset.all);
  table.catch(() => { table = null; });
  return table;
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}

/** The last first. */
export const usedEmoji = () => (storage.read(key) ?? "").split(" ").filter(Boolean);
export const rememberEmoji = (chosen) => storage.write(key, [chosen, ...usedEmoji().filter((each) => each !== chosen)].slice(0, MOST_USED).join(" "));
