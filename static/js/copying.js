/** The button that copies what stands beside it. There before it is pressed: Safari lets a page copy within the click alone. */
import { LIMITS } from "./app.js";
import { copied } from "./clipboard.js";

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  // Where nothing copies it, one Ctrl+C is left to do.
  if (!await copied(source.value)) return void source.select();
  const label = button.querySelector("span") ?? button;
  label.dataset.words ??= label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => { label.textContent = label.dataset.words; }, LIMITS.copied);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
