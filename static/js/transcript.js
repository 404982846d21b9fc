/** What is copied of several messages: who said it, when, and the words; not what stands around them. */

/** Has a copy of two rows or more be a transcript of them. */
export function copyAsTranscript(log) {
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    const rows = [...log.querySelectorAll(".msg")].filter((row) => selection.containsNode(row, true));
    // Whoever copies from a text box has selected what is in it, which no selection of the page says.
    if (rows.length < 2 || event.target.closest?.("input, textarea")) return;
    event.clipboardData.setData("text/plain", rows.map((row) => transcript(row, selection.getRangeAt(0))).join("\n\n"));
    event.preventDefault();
  });
}

function transcript(row, range) {
  const [who, time] = [".who", ".ts"].map((part) => row.querySelector(part).textContent.trim());
  const files = [...row.querySelectorAll(".files > a")].map((file) => file.dataset.name ?? file.querySelector(".file-name").textContent);
  return [`${who}, ${time}`, wordsIn(row.querySelector(".bd"), range), ...files].filter(Boolean).join("\n");
}

/** What of a text is selected: of the first and the last row it may be a part. */
function wordsIn(body, range) {
  const whole = document.createRange();
  whole.selectNodeContents(body);
  const isBegun = range.compareBoundaryPoints(Range.START_TO_START, whole) > 0;
  const isCut = range.compareBoundaryPoints(Range.END_TO_END, whole) < 0;
  if (!isBegun && !isCut) return body.innerText.trim();
  if (isBegun) whole.setStart(range.startContainer, range.startOffset);
  if (isCut) whole.setEnd(range.endContainer, range.endOffset);
  return String(whole).trim();
}
