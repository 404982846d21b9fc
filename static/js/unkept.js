/** Loaded where the browser keeps nothing, or no more: whoever leaves with words that are on this page alone is asked. */
import { page, storage } from "./app.js";

const box = document.getElementById("message");

/** Whether a text is kept neither by the browser nor by the server. */
function isUnkept() {
  const [draft, outbox] = ["draft", "outbox"].map((kind) => `${kind}:${page.me?.username}:`);
  const waiting = [...document.querySelectorAll(".msg[data-client-id]")].map(({ dataset }) => outbox + dataset.clientId);
  const isWritten = box?.value && !storage.read(draft + page.room.slug)?.endsWith(box.value);
  return isWritten || waiting.some((key) => !storage.read(key)) || Boolean(document.querySelector(".msg.editing"));
}

addEventListener("beforeunload", (event) => !page.isOver && isUnkept() && event.preventDefault());
