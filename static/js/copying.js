/**
 * The button that copies what stands beside it.
 */
import { LIMITS, t } from "./app.js";
import { copied } from "./clipboard.js";
import "./words.js";

export async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  // Where nothing copies it, one Ctrl+C is left to do.
  if (!await copied(source.value)) return void source.select();
  const label = button.querySelector("span") ?? button;
  label.dataset.words ??= label.textContent;
  label.textContent = button.dataset.copied ?? t("copied");
  setTimeout(() => { label.textContent = label.dataset.words; }, LIMITS.copied);
}
