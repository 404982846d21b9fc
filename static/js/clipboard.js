/** Words for the clipboard, also of a page that came without https, which browsers do not let near it. */

/** Resolves to whether they are there. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byCommand(text);
  }
}

/** The browser copies what is selected; this hands it something else. */
function byCommand(text) {
  const hand = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("copy", hand, true);
  const isDone = document.execCommand("copy");
  removeEventListener("copy", hand, true);
  return isDone;
}
