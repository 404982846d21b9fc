/**
 * What is said about how far the open room is read: that what was new has been read by itself, and that somebody has gone
 * back, here or on another device. One line at the top of the conversation, with the way back.
 */
import { LIMITS, announce, make, t } from "./app.js";
import { sheet } from "./sheet.js";
import "./words.js";

/** For a while after what was new has been read: `from` is the first of it. */
export async function offerUndo(rooms, from) {
  passes(await say(t("marked_read"), t("undo"), () => markUnread(rooms, from)));
}

/** Until somebody reads on: by this button, by Escape, or by coming again. */
export function sayHeld(timeline) {
  return say(t("marked_unread"), t("mark_read"), () => timeline.finishReading());
}

/** Takes the open room back to before a message. */
export async function markUnread(rooms, index) {
  try {
    await rooms.markUnread(index);
  } catch (error) {
    passes(await say(error.code === "disconnected" ? t("not_connected") : error.message));
  }
}

function passes(note) {
  // Who is at the button must not lose it.
  setTimeout(() => (note.matches(":hover, :focus-within") ? passes(note) : note.remove()), LIMITS.undo);
}

/** What is said last replaces what was said before. */
async function say(words, label = "", act = null) {
  await sheet();
  const [note, log] = [make("div", "reads"), document.getElementById("timeline")];
  note.id = "reads";
  note.append(make("span", "", words));
  if (act) note.append(button(label, () => (log.focus({ preventScroll: true }), act())));
  document.getElementById("reads")?.remove();
  log.before(note);
  announce(words);
  return note;
}

function button(label, act) {
  const made = Object.assign(make("button", "btn sm", label), { type: "button" });
  made.addEventListener("click", act);
  return made;
}
