/**
 * Writing a message anew, in its place, and what its pictures show: Enter saves, Escape gives up, and what was typed
 * survives a reload.
 */
import { isComposing, isOff, later, make, page, storage, t } from "./app.js";
import { askFor } from "./offers.js";
import { sendsByEnter } from "./composer.js";
import { measure } from "./excess.js";
import { fresh, indexOf } from "./message.js";
import { sayBelow } from "./reactions.js";
import { sheet } from "./sheet.js";
import { Unsaved, draftOf, editHere, forget } from "./unsaved.js";
import "./words.js";

const room = page.room?.slug;
const LONGEST = 500;

export class Editor {
  #connection;
  #timeline;
  #row = null;
  #editing = new AbortController();
  #back = null;
  #before = "";
  /** What is on its way to the server. */
  #sent = null;
  #form = fresh("editor-template");
  #input = this.#form.querySelector("textarea");
  #failure = this.#form.querySelector(".failure");
  /** @type {HTMLInputElement[]} */
  #descriptions = [];
  #excess = 0;
  #unsaved;
  /** Every picture of a row says which version it shows. */
  #watch = new MutationObserver(() => this.#onChanged());

  constructor(connection, timeline) {
    this.#connection = connection;
    this.#timeline = timeline;
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#save(); });
    this.#form.addEventListener("keydown", (event) => this.#onKey(event));
    this.#form.querySelector("[data-cancel]").addEventListener("click", () => this.#cancel());
    this.#input.addEventListener("input", () => this.#onInput());
    const smile = document.querySelector("#composer .smile").cloneNode(true);
    smile.addEventListener("click", () => later("insertEmoji", this.#input));
    this.#input.after(smile);
    addEventListener("storage", (event) => this.#onForgotten(event));
    this.#unsaved = new Unsaved(timeline, (row) => this.open(row));
    new MutationObserver(() => this.#onRows()).observe(document.getElementById("timeline"), { childList: true });
  }

  /**
   * The words as they were written, which is not what a row shows, come from the server. What is typed into `field`
   * meanwhile was meant for them.
   */
  async open(row, field = null) {
    const back = document.activeElement.id === "message" ? document.activeElement : row;
    const found = await askFor(`/api/v1/rooms/${room}/messages/${indexOf(row)}`).catch(() => null);
    if (!found) return sayBelow(this.#timeline, row, t("not_connected"));
    const { content = "", attachments = [] } = found;
    const pictures = attachments.filter((each) => each.thumbnail);
    await sheet("tools");
    if (pictures.length) await sheet("files");
    if (this.#row) this.#close();
    this.#row = row;
    this.#editing = new AbortController();
    editHere(row, this.#editing.signal);
    this.#back = back;
    [this.#before, this.#sent] = [content, null];
    this.#input.value = (storage.read(draftOf(row)) ?? content) + (field?.value ?? "");
    if (field?.value) {
      field.value = "";
      field.dispatchEvent(new Event("input"));
      this.#onInput();
    }
    this.#offer(pictures);
    this.#say("");
    this.#watch.observe(row, { attributeFilter: ["data-version"] });
    this.#measure();
    if (isOff("enter")) this.#form.querySelector(".keys").textContent = t("keys_to_save");
    this.#timeline.steadily(() => {
      row.classList.add("editing");
      row.querySelector(".bd").after(this.#form);
    });
    this.#unsaved.draw();
    this.#form.scrollIntoView({ block: "nearest" });
    this.#input.focus({ preventScroll: true });
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  /** A field for each picture. */
  #offer(pictures) {
    for (const input of this.#descriptions) input.parentElement.remove();
    this.#descriptions = pictures.map(({ id, name, alt = "", thumbnail }) => {
      const draft = draftOf(this.#row, id);
      const input = Object.assign(make("input"), { defaultValue: alt, maxLength: LONGEST, autocomplete: "off" });
      input.value = storage.read(draft) ?? alt;
      input.addEventListener("input", () => storage.write(draft, input.value));
      input.dataset.file = id;
      input.placeholder = t("describe_file", { name });
      input.setAttribute("aria-label", input.placeholder);
      const line = make("div", "described");
      line.append(Object.assign(make("img"), { src: thumbnail, alt: "", width: 40, height: 40 }), input);
      this.#failure.before(line);
      return input;
    });
  }

  /** What is said of the pictures now, where it was something else. */
  get #said() {
    const changed = this.#descriptions.filter((input) => input.value.trim() !== input.defaultValue);
    return changed.map((input) => ({ id: input.dataset.file, alt: input.value.trim() }));
  }

  #onInput() {
    storage.write(draftOf(this.#row), this.#input.value);
    this.#measure();
  }

  #measure() {
    this.#excess = measure(this.#input, this.#form.querySelector(".counter"), this.#form.querySelector(".primary"));
  }

  #onKey(event) {
    if (isComposing(event)) return;
    const isSent = event.key === "Enter" && !event.shiftKey && (sendsByEnter() || event.ctrlKey || event.metaKey);
    if (event.key === "Escape") this.#cancel();
    else if (isSent && event.target === this.#input) this.#save();
    else return;
    event.preventDefault();
  }

  /** Other rows are shown, perhaps without the one that is edited. */
  #onRows() {
    if (this.#row?.isConnected === false) this.#close();
    else this.#unsaved.draw();
  }

  /** Somebody, most likely this person in another place, was faster; what is typed here stays. */
  #onChanged() {
    const { content, deleted } = this.#row.marks;
    if (deleted) return this.#say(t("deleted_meanwhile"));
    const isNews = ![this.#before, this.#sent, this.#input.value].includes(content);
    this.#before = content;
    if (isNews) this.#say(t("changed_meanwhile"));
  }

  /** Another tab that edited the same has given up; here it is gone on with. */
  #onForgotten({ key, newValue }) {
    const isMine = this.#row && key === draftOf(this.#row) && newValue === null;
    if (isMine && ![this.#before, this.#sent].includes(this.#input.value)) storage.write(key, this.#input.value);
  }

  async #save() {
    const [row, content, descriptions] = [this.#row, this.#input.value, this.#said];
    if (row.matches(".deleted")) return this.#say(t("deleted_meanwhile"));
    if (!content.trim() && !row.querySelector(".file, .picture")) return this.#say(t("empty_message"));
    if (this.#excess > 0) return;
    if (content === this.#before && !descriptions.length) return void this.#cancel();
    this.#say("");
    this.#sent = content;
    try {
      const { message } = await this.#connection.request("editMessage", { room, index: indexOf(row), content, descriptions });
      this.#onSaved(row, content, descriptions);
      this.#timeline.show([message]);
    } catch (error) {
      const isUnheard = ["disconnected", "timeout"].includes(error.code);
      this.#say(isUnheard ? t("not_saved") : t("not_saved_because", { reason: error.message }));
    }
  }

  /** What is typed while the words before it are on their way is not saved yet, and stays. */
  #onSaved(row, content, descriptions) {
    const isSame = ({ id, alt }, at) => descriptions[at]?.id === id && descriptions[at].alt === alt;
    const isAll = this.#row === row && content === this.#input.value && this.#said.every(isSame);
    if (isAll) this.#cancel();
    else if (storage.read(draftOf(row)) === content) storage.remove(draftOf(row));
    for (const { id, alt } of descriptions) if (storage.read(draftOf(row, id))?.trim() === alt) storage.remove(draftOf(row, id));
    this.#unsaved.draw();
  }

  #say(sentence) {
    this.#failure.textContent = sentence;
    this.#failure.hidden = !sentence;
  }

  #cancel() {
    forget(this.#row);
    const back = this.#back;
    this.#close();
    back.focus({ preventScroll: true });
  }

  #close() {
    const row = this.#row;
    this.#watch.disconnect();
    this.#editing.abort();
    this.#timeline.steadily(() => {
      row.classList.remove("editing");
      this.#form.remove();
    });
    this.#row = null;
    this.#unsaved.draw();
  }
}
