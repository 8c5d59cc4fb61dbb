/**
 * YOURS. `<task-files data-task="…">`: the files of a task with thumbnails; more are dropped on it, pasted into it or chosen, and shown with
 * their progress. An element of its own, so that whatever draws the board only has to place it.
 */

import { createClient } from "ledge/client/auth";
import {
  attachmentPath,
  createUploads,
  downloadUrl,
  listAttachments,
  removeAttachment,
  type UploadItem,
} from "ledge/client/files";
import { attachmentName } from "./attachment-name.ts";

interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly size: number;
}

const client = createClient({ url: "" });

const STYLES = `
:host { display: block; flex-basis: 100%; font-size: .85em; }
:host([data-over]) { outline: 2px dashed currentColor; outline-offset: 2px; }
ul { display: flex; flex-wrap: wrap; gap: .5em; margin: .25em 0; padding: 0; list-style: none; align-items: end; }
li { display: grid; gap: .15em; max-width: 10em; }
img { max-width: 80px; max-height: 60px; border-radius: 3px; display: block; }
a { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
progress { width: 8em; }
button { font: inherit; }
[role=alert] { color: #b00020; }
input { position: absolute; inset: 0; opacity: 0; width: 100%; cursor: pointer; }
label { position: relative; overflow: hidden; text-decoration: underline; cursor: pointer; }
label:focus-within { outline: 2px solid; }
`;

class TaskFiles extends HTMLElement {
  readonly #uploads = createUploads(client);
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #stored = document.createElement("ul");
  readonly #sending = document.createElement("ul");
  readonly #says = document.createElement("p");
  #attachments: readonly Attachment[] = [];

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    this.#root.adoptedStyleSheets = [sheet];
    this.#says.setAttribute("role", "alert");
    this.#root.append(this.#stored, this.#sending, this.#chooser(), this.#says);
    // Reached by keyboard, so that something can be pasted into it.
    this.tabIndex = 0;
    this.addEventListener("paste", (event) => this.#take(event, event.clipboardData?.files));
    this.addEventListener("drop", (event) => this.#take(event, event.dataTransfer?.files));
    this.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.toggleAttribute("data-over", true);
    });
    for (const end of ["dragleave", "drop"]) this.addEventListener(end, () => this.toggleAttribute("data-over", false));
    this.#uploads.subscribe(() => this.#drawSending());
  }

  connectedCallback(): void {
    void this.#load();
  }

  get #task(): string {
    return this.dataset.task ?? "";
  }

  #chooser(): HTMLElement {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.addEventListener("change", (event) => {
      this.#take(event, input.files);
      input.value = "";
    });
    label.append("Add files", input);
    return label;
  }

  #take(event: Event, files: FileList | null | undefined): void {
    if (files == null || files.length === 0) return;
    event.preventDefault();
    const taken = new Set(this.#attachments.map(({ name }) => name));
    for (const { name, state } of this.#uploads.getSnapshot()) if (state !== "failed") taken.add(name);
    for (const file of files) {
      const name = attachmentName(file.name, taken);
      taken.add(name);
      this.#uploads.add("attachments", file, { name, row: { taskId: this.#task } });
    }
  }

  async #load(): Promise<void> {
    try {
      this.#attachments = (await listAttachments(client, "tasks", this.#task)) as unknown as Attachment[];
      this.#says.textContent = "";
    } catch (error) {
      this.#say(error);
    }
    this.#stored.replaceChildren(...this.#attachments.map((each) => this.#entry(each)));
  }

  #entry({ name, type }: Attachment): HTMLElement {
    const address = downloadUrl(client, attachmentPath("tasks", this.#task, name));
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: `${address}?use=show`, textContent: name });
    link.target = "_blank";
    if (type.startsWith("image/")) {
      const image = Object.assign(document.createElement("img"), { alt: "", src: `${address}?use=show&preset=thumb` });
      // Where images are not resized they are shown as they are.
      image.addEventListener("error", () => (image.src = `${address}?use=show`), { once: true });
      link.prepend(image);
    }
    const remove = this.#button(`Remove ${name}`, "Remove", async () => {
      await removeAttachment(client, "tasks", this.#task, name);
      await this.#load();
    });
    item.append(link, remove);
    return item;
  }

  #drawSending(): void {
    const items = this.#uploads.getSnapshot();
    for (const { key, state } of items) {
      if (state !== "done") continue;
      this.#uploads.dismiss(key);
      void this.#load();
    }
    this.#sending.replaceChildren(...this.#uploads.getSnapshot().map((item) => this.#progress(item)));
  }

  #progress({ key, name, sent, size, state, error }: UploadItem): HTMLElement {
    const item = document.createElement("li");
    const bar = Object.assign(document.createElement("progress"), { max: Math.max(size, 1), value: sent });
    bar.setAttribute("aria-label", `Uploading ${name}`);
    const end = this.#button(`Cancel ${name}`, "Cancel", () => this.#uploads.dismiss(key));
    if (state === "failed") {
      const again = this.#button(`Try ${name} again`, "Try again", () => this.#uploads.retry(key));
      item.append(`${name}: ${textOf(error)}`, again, end);
    } else item.append(name, bar, end);
    return item;
  }

  #button(label: string, text: string, act: () => unknown): HTMLButtonElement {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => Promise.resolve(act()).catch((error: unknown) => this.#say(error)));
    return button;
  }

  #say(error: unknown): void {
    this.#says.textContent = textOf(error);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

customElements.define("task-files", TaskFiles);
