/**
 * Times on pages beside the rooms, in the browser's zone as those of a room are: the server knows a zone only of who has
 * told it. A time with a title says how long ago it is, and goes on saying that.
 */
import { page } from "./app.js";
import { name, told } from "./message.js";

const language = document.documentElement.lang;
const long = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "long", timeStyle: "short", hourCycle: page.hour_cycle });

for (const time of document.querySelectorAll("main time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (time.closest(".hd, .ts")) Object.assign(time, told(moment));
  else if (time.title) time.title = told(moment).title;
  else time.textContent = long.format(moment);
}
for (const row of document.querySelectorAll("main .msg")) name(row);
