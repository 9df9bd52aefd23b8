/** Uploading to the media library: one file after the other, each with its progress; refusals are said beside it. */
import { csrfToken, pageTexts, required } from "./requests";

interface Answer {
  id?: string;
  message?: string;
}

const form = required<HTMLFormElement>("upload");
const field = required<HTMLInputElement>("upload-file");
const list = required<HTMLElement>("uploads");
const texts = pageTexts("media-texts");
const mostBytes = Number(form.dataset.mostBytes);
const mostPhotoBytes = Number(form.dataset.mostPhotoBytes);

interface Row {
  progress: HTMLProgressElement;
  word: HTMLElement;
}

function rowOf(name: string): Row {
  const item = document.createElement("li");
  item.className = "upload-row";
  const title = document.createElement("span");
  title.className = "truncate font-medium";
  title.textContent = name;
  const progress = document.createElement("progress");
  progress.className = "progress progress-primary";
  progress.max = 100;
  progress.value = 0;
  progress.setAttribute("aria-label", name);
  const word = document.createElement("span");
  word.className = "text-sm text-muted";
  word.textContent = texts.sending ?? "";
  item.append(title, progress, word);
  list.append(item);
  return { progress, word };
}

function refused(row: Row, text: string): void {
  row.progress.remove();
  row.word.className = "field-error";
  row.word.textContent = text;
}

/** Telegram's limits are known here, so nobody waits for an upload that would be refused. */
function tooLarge(file: File, kind: string): string {
  if (file.size > mostBytes) return texts.too_large ?? "";
  const asPhoto = kind === "photo" || (kind === "" && file.type.startsWith("image/") && file.type !== "image/gif");
  return asPhoto && file.size > mostPhotoBytes ? (texts.photo_too_large ?? "") : "";
}

function send(file: File, kind: string): Promise<boolean> {
  const row = rowOf(file.name);
  const problem = tooLarge(file, kind);
  if (problem) {
    refused(row, problem);
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    // `fetch` does not tell how much has left.
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) row.progress.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("loadend", () => {
      const answer = request.response as Answer | null;
      const done = request.status === 200;
      if (done) row.word.textContent = texts.done ?? "";
      else refused(row, answer?.message ?? texts.failed ?? "");
      resolve(done);
    });
    const body = new FormData();
    body.append("kind", kind);
    body.append("file", file);
    request.send(body);
  });
}

async function sendAll(files: File[]): Promise<void> {
  const kind = (form.elements.namedItem("kind") as HTMLSelectElement).value;
  list.replaceChildren();
  let refusals = 0;
  for (const file of files) if (!(await send(file, kind))) refusals += 1;
  // What was refused stays on the page to be read.
  if (!refusals) window.location.assign(form.action);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  const files = [...(field.files ?? [])];
  if (files.length) void sendAll(files);
});
