/** Too much in a box: how much, and that it can go as a file instead. Fetched when there is nearly too much. */
import { LIMITS, make, page, t, tn } from "./app.js";
import { replace } from "./keys.js";
import { sheet } from "./sheet.js";
import "./words.js";

/** Says how much room a field has left, or that too much stands in it. Returns how many code points those are. */
export function measure(field, counter, button, forFile) {
  const excess = [...field.value].length - page.limits.content;
  const isNear = excess >= -page.limits.content * LIMITS.counterShare;
  const left = isNear ? tn("characters_left", -excess) : "";
  counter.textContent = excess > 0 ? tn("too_long", excess) : left;
  counter.hidden = !isNear;
  counter.classList.toggle("over", excess > 0);
  button.disabled = excess > 0;
  field.setAttribute("aria-invalid", String(excess > 0));
  if (excess > 0 && forFile) offerFile(field, counter, forFile);
  return excess;
}

/** Beside the counter, while it says that there is too much. */
async function offerFile(input, counter, sendFile) {
  if (counter.nextElementSibling?.matches(".as-file")) return;
  const button = Object.assign(make("button", "btn sm as-file", t("send_as_file")), { type: "button" });
  button.addEventListener("click", () => sendAsFile(input, sendFile));
  counter.after(button);
  await sheet();
}

/** The words stay in the box's draft until they are sent; who takes the file back has them in the box again. */
async function sendAsFile(input, { going, load, send }) {
  const text = input.value;
  const luggage = await load();
  const giveBack = () => {
    going.delete(text);
    replace(input, 0, input.value.length, [text, input.value].filter(Boolean).join("\n"));
  };
  if (!luggage.add([new File([text], "message.txt", { type: "text/plain" })], giveBack)) return;
  going.add(text);
  replace(input, 0, text.length, "");
  send();
}

/** Under a box in which Enter does not send. */
export function sayKeys(place) { place.textContent = t("keys_without_enter"); }
