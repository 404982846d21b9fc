/**
 * The button that copies what stands beside it.
 */
import { LIMITS, t } from "./app.js";
import "./words.js";

export async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  } catch {
    return void getSelection().selectAllChildren(source); // no clipboard without https: one Ctrl+C is left to do
  }
  const label = button.querySelector("span") ?? button;
  const words = label.textContent;
  label.textContent = button.dataset.copied ?? t("copied");
  setTimeout(() => { label.textContent = words; }, LIMITS.copied);
}
