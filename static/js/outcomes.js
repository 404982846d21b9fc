/** Says to who listens what came of a form: what a page holds from the beginning is not spoken by itself. */
import { make } from "./app.js";

/** Those who listen hear the title first. */
const PAUSE = 500;

const place = make("p", "vh");
place.role = "status";
document.body.prepend(place); // after all else it would make the page longer
setTimeout(() => {
  const told = document.querySelectorAll("main :is(.note, .lead)[role=status], main .empty[role=status] h2");
  place.textContent = [...told].map((each) => each.innerText.trim()).join(" ");
}, PAUSE);
