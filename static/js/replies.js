/** Beginning a reply: the bar over the message box says to what. */
import { storage } from "./app.js";
import { replyDraft } from "./composer.js";
import { replace } from "./keys.js";
import { indexOf } from "./message.js";
import { find, write } from "./quotes.js";

const field = document.getElementById("composer").elements.reply_to;
const bar = document.getElementById("replying");
const input = document.getElementById("message");

/** At once, with what the row shows; what the server knows of the message comes after it. */
export function replyTo(row) {
  const index = indexOf(row);
  const { author } = row.dataset;
  begin(index, { username: author, display_name: row.querySelector(".who").textContent, content: row.querySelector(".bd").innerText });
  input.focus({ preventScroll: true });
  find(index).then((message) => index === wanted() && write(bar, message)).catch(() => {});
}

const wanted = () => Number(field.value || storage.read(replyDraft));

/** What was a reply before a reload still is one. */
export async function resumeReply() {
  const index = wanted();
  const message = index ? await find(index).catch(() => null) : null;
  if (message?.deleted) forget();
  else if (message && index === wanted()) begin(index, message);
}

/** What is replied to in another tab is replied to here. */
export function followReply() {
  field.value = storage.read(replyDraft) ?? "";
  return resumeReply();
}

function forget() {
  storage.remove(replyDraft);
  field.value = "";
  bar.hidden = true;
}

function begin(index, message) {
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
  replace(input, input.value.length, input.value.length, `${isAfterWords ? "\n" : ""}${quoted}`);
}
