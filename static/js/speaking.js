/** New messages, spoken to people who listen to the page: at most once a second; what comes faster is counted. */
import { LIMITS, announce, t, tn } from "./app.js";

/** What a message says to who does not see it: its words as they are drawn, without signs of Markdown. */
const wording = ({ index, content, attachments = [] }) => document.getElementById(`m${index}`)?.querySelector(".bd").innerText.trim() || content || attachments.map((file) => file.alt || file.name).join(", ");

const unspoken = [];
let speaking = 0;

export function announceMessage(message) {
  unspoken.push(message);
  speaking ||= setTimeout(speak);
}

function speak() {
  const [first, ...more] = unspoken.splice(0);
  speaking = first && setTimeout(speak, LIMITS.announce);
  if (!first) return;
  announce(more.length ? tn("new_messages", more.length + 1) : t("announce", { name: first.display_name, text: wording(first).slice(0, LIMITS.announceCharacters) }));
}
