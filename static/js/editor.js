/** Writing a message anew, in its place: Enter saves, Escape gives up, and what was typed survives a reload. */
import { announce, isComposing, page, storage, t } from "./app.js";
import { fresh, indexOf } from "./message.js";
import "./words.js";

const room = page.room?.slug;
const isTouch = matchMedia("(pointer: coarse)").matches;

export class Editor {
  #connection;
  #timeline;
  #row = null;
  #back = null;
  #before = "";
  #form = fresh("editor-template");
  #input = this.#form.querySelector("textarea");
  #failure = this.#form.querySelector(".failure");

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#save(); });
    this.#form.addEventListener("keydown", (event) => this.#onKey(event));
    this.#form.querySelector("[data-cancel]").addEventListener("click", () => this.#cancel());
    this.#input.addEventListener("input", () => storage.write(this.#draft, this.#input.value));
  }

  get #draft() { return `draft:${page.me.username}:${room}/${indexOf(this.#row)}`; }

  /** The words as they were written, which is not what a row shows, come from the server. */
  async open(row) {
    const back = document.activeElement.id === "message" ? document.activeElement : row;
    const answer = await fetch(`/api/v1/rooms/${room}/messages/${indexOf(row)}`).catch(() => null);
    const { content = "" } = answer?.ok ? await answer.json() : {};
    if (!answer?.ok) return void announce(t("not_connected"));
    if (this.#row) this.#close();
    this.#row = row;
    this.#back = back;
    this.#before = content;
    this.#input.value = storage.read(this.#draft) ?? content;
    this.#say("");
    this.#timeline.steadily(() => {
      row.classList.add("editing");
      row.querySelector(".bd").after(this.#form);
    });
    this.#form.scrollIntoView({ block: "nearest" });
    this.#input.focus({ preventScroll: true });
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  #onKey(event) {
    if (isComposing(event)) return;
    const isSent = event.key === "Enter" && !event.shiftKey && (!isTouch || event.ctrlKey || event.metaKey);
    if (event.key === "Escape") this.#cancel();
    else if (isSent && event.target === this.#input) this.#save();
    else return;
    event.preventDefault();
  }

  async #save() {
    const [row, content] = [this.#row, this.#input.value];
    if (!content.trim() && !row.querySelector(".file, .picture")) return;
    if (content === this.#before) return void this.#cancel();
    this.#say("");
    try {
      const { message } = await this.#connection.request("editMessage", { room, index: indexOf(row), content });
      if (this.#row === row) this.#cancel();
      this.#timeline.show([message]);
    } catch (error) {
      const isUnheard = ["disconnected", "timeout"].includes(error.code);
      this.#say(isUnheard ? t("not_saved") : t("not_saved_because", { reason: error.message }));
    }
  }

  #say(sentence) {
    this.#failure.textContent = sentence;
    this.#failure.hidden = !sentence;
  }

  #cancel() {
    storage.remove(this.#draft);
    const back = this.#back;
    this.#close();
    back.focus({ preventScroll: true });
  }

  #close() {
    const row = this.#row;
    this.#timeline.steadily(() => {
      row.classList.remove("editing");
      this.#form.remove();
    });
    this.#row = null;
  }
}
