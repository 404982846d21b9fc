/** The pencil in the list on each room in which something is written and not sent. The open room shows that itself. */
import { make, page, storage, t } from "./app.js";
import "./words.js";

export function mark() {
  for (const link of document.querySelectorAll("#sidebar .room-link")) {
    const { room } = link.dataset;
    const isDraft = room !== page.room?.slug && Boolean(storage.read(`draft:${page.me.username}:${room}`)?.trim());
    const shown = link.querySelector(".draft");
    if (!isDraft) shown?.remove();
    else if (!shown) link.querySelector(".n").after(pencil());
  }
}

function pencil() {
  const [made, icon] = [make("span", "draft"), document.querySelector("#jump .i").cloneNode(true)];
  const image = icon.querySelector("use");
  image.setAttribute("href", image.getAttribute("href").replace(/#.*/, "#edit"));
  made.title = t("draft");
  made.append(icon, make("span", "vh", ` ${t("draft")}`));
  return made;
}
