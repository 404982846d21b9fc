/** The dialog that says who reacted to a message, as the server's page about it does. */
import { make, t } from "./app.js";
import { load } from "./lists.js";
import { sheet } from "./sheet.js";
import "./words.js";

/** Opens at once, with what the page at `url` says as soon as it is there. */
export async function showGivers(url) {
  await sheet("givers");
  const dialog = make("dialog", "dialog givers");
  // Its head looks and closes like that of any other.
  const head = document.querySelector("#shortcuts .dialog-head").cloneNode(true);
  const title = head.querySelector("h2");
  Object.assign(title, { id: "givers-title", textContent: t("who_reacted") });
  const body = make("div", "section givers-list", t("loading_emoji"));
  Object.assign(dialog, { closedBy: "any" });
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(head, body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  const found = (await load(url))?.getElementById("givers");
  body.replaceChildren(...found?.childNodes ?? [t("not_connected")]);
}
