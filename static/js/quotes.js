/** What replies quote: the first words of another message, as it is now, wherever in the log it stands. */
import { page, t } from "./app.js";
import { askFor } from "./offers.js";
import { retryDelay } from "./socket.js";

const MOST = 120;
const NOT_FOUND = 404;
/** @type {Map<number, Promise<object>>} by index */
const known = new Map();

/** The beginning of a text, in one line. */
function firstWords(content) {
  const line = [...content.trim().replace(/\s+/g, " ")];
  return line.length <= MOST ? line.join("") : `${line.slice(0, MOST).join("").trimEnd()}…`;
}

const SIGNS = { lt: "<", gt: ">", amp: "&", quot: '"', "#x27": "'" };

/** What a message shows, without how; as the server finds it, and without making elements of it. */
function plain({ content, html }) {
  if (!html) return content;
  const text = html.replace(/<br>|<(?:[uo]l|pre|div|blockquote)\b|<\/(?:p|pre|li|th|td)>/g, " $&").replace(/<[^>]*>/g, "");
  return text.replace(/&(lt|gt|amp|quot|#x27);/g, (_, name) => SIGNS[name]);
}

/** The beginning of what a message shows to who reads it; of one without words, what its files show or are called. */
export function wordsOf(message) {
  if (message.deleted) return t("deleted_message");
  if (message.kind === "damaged") return t("damaged_message");
  const files = (message.attachments ?? []).map(({ alt, name }) => alt || name);
  return firstWords(plain(message) || files.join(", "));
}

/** A message as it is now. */
export function find(index) {
  if (!known.has(index)) known.set(index, ask(index));
  return known.get(index);
}

async function ask(index) {
  try {
    return await askFor(`/api/v1/rooms/${page.room.slug}/messages/${index}?html=true`);
  } catch (error) {
    known.delete(index);
    throw error;
  }
}

/** Writes who said what, in a few words. */
export function write(place, message) {
  const by = place.querySelector(".by");
  by.dataset.by = message.username;
  by.textContent = message.display_name;
  place.querySelector(".words").textContent = wordsOf(message);
}

/** Writes into a quote what the message of that index says; what does not come is asked for again, less and less often. */
export async function fill(link, index, tries = 0) {
  try {
    const message = await find(index);
    // It may have changed while it was on its way.
    write(link, (await known.get(index)) ?? message);
  } catch ({ status }) {
    if (status !== NOT_FOUND) setTimeout(() => link.isConnected && fill(link, index, tries + 1), retryDelay(tries));
  }
}

/** Has every quote of a message say what it says now. */
export function update(message) {
  if (known.has(message.index)) known.set(message.index, Promise.resolve(message));
  const places = `.msg[data-reply="${message.index}"] > .quote, .replying[data-reply="${message.index}"]`;
  for (const place of document.querySelectorAll(places)) write(place, message);
}

/** Asks anew from here on: some changes were not heard. */
export function forget() { known.clear(); }
