/**
 * Times on pages beside the rooms, in the browser's zone as those of a room are: the server knows a zone only of who has
 * told it. A time with a title says how long ago it is, and goes on saying that.
 */
import { name, told } from "./message.js";

for (const time of document.querySelectorAll("main time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (time.closest(".hd, .ts")) Object.assign(time, told(moment));
  else if (time.title) time.title = told(moment).title;
  else time.textContent = told(moment).title;
}
for (const row of document.querySelectorAll("main .msg")) name(row);
