/** What stands in the place of the composer when the room is not ours any longer. */
import { announce, make, t } from "./app.js";
import "./words.js";

/** Nothing can be sent from here on: it says why and leads onward. What was typed stays, to be read and copied. */
export function close(form, field) {
  if (!field.id) return;
  const hasFocus = form.contains(document.activeElement);
  const [bar, onward, box] = [make("div", "joinbar said"), make("a", "btn primary", t("back_to_rooms")), make("div", "box")];
  onward.href = "/";
  bar.append(make("p", "", t("room_gone")), onward);
  // No keys that write or send are for it then.
  field.removeAttribute("id");
  document.querySelector(".skip[href='#message']")?.remove();
  field.readOnly = true;
  form.replaceChildren(bar);
  if (field.value) {
    box.append(field);
    form.append(box);
  }
  if (hasFocus) (field.value ? field : onward).focus({ preventScroll: true });
  announce(t("room_gone"));
}
