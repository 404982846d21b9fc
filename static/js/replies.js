/** Beginning a reply: the bar over the message box says to what. */
import { storage } from "./app.js";
import { replyDraft } from "./composer.js";
import { indexOf } from "./message.js";
import { find, write } from "./quotes.js";

const field = document.getElementById("composer").elements.reply_to;
const bar = document.getElementById("replying");
const input = document.getElementById("message");

export async function replyTo(row) {
  await begin(indexOf(row));
  input.focus({ preventScroll: true });
}

/** What was a reply before a reload still is one. */
export async function resumeReply() {
  const index = Number(field.value || storage.read(replyDraft));
  if (index) await begin(index);
}

async function begin(index) {
  const message = await find(index).catch(() => null);
  if (message?.deleted) storage.remove(replyDraft);
  if (!message || message.deleted) return;
  field.value = index;
  storage.write(replyDraft, index);
  bar.dataset.reply = index;
  write(bar, message);
  bar.hidden = false;
}

/** Puts words into the box as a quotation, one line of theirs on each. */
export function quoteWords(words) {
  const quoted = `${words.trim().split("\n").map((line) => `> ${line}`).join("\n")}\n`;
  const isAfterWords = input.value && !input.value.endsWith("\n");
  input.setRangeText(`${isAfterWords ? "\n" : ""}${quoted}`, input.value.length, input.value.length, "end");
  input.dispatchEvent(new Event("input"));
  input.focus({ preventScroll: true });
}
