/** Lines that begin with a slash: what they do is done by the server, and said under the box. Loaded with the first. */
import { make, t } from "./app.js";
import "./words.js";

/** A line keeps its key until it is done: what was done, though the answer was lost, is not done twice. */
let line = "", key = "";
/** What goes out when the connection is there, and what lets it go. */
let waiting = "", goOn = null;

/** Does what `content` says. Where it is refused, that is said, and what was typed stays. */
export async function run(connection, form, room, content) {
  if (!connection.isOnline && !(await isStillMeant(connection, form, content))) return;
  if (content !== line) [line, key] = [content, crypto.getRandomValues(new Uint32Array(4)).join("-")];
  try {
    const { said, address } = await connection.request("runCommand", { room, line, client_id: key });
    line = "";
    empty(form.elements.content, content);
    say(form, said);
    if (address) location.assign(address);
  } catch (error) {
    say(form, error.code === "disconnected" ? t("not_connected") : error.message || t("not_sent"), true);
  }
}

/** Waits for the connection; false where something else is typed by then, or the line waits already. */
async function isStillMeant(connection, form, content) {
  if (waiting === content) return false;
  waiting = content;
  say(form, t("not_sent_offline"), true);
  if (!goOn) connection.on("hello", () => goOn());
  await new Promise((go) => { goOn = go; });
  waiting = "";
  return form.elements.content.value === content;
}

function empty(field, content) {
  if (field.value !== content) return;
  field.value = "";
  field.dispatchEvent(new Event("input"));
}

/** Until something else is typed. */
function say(form, text, isBad = false) {
  const note = form.querySelector(".said") ?? form.appendChild(make("p"));
  note.setAttribute("role", "status");
  note.className = `said note ${isBad ? "bad" : "ok"}`;
  note.textContent = text ?? "";
  note.hidden = !text;
  form.elements.content.addEventListener("input", () => { note.hidden = true; }, { once: true });
}
