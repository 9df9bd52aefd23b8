/** The test chat: shows what the system said to a simulated contact, and sends what the member does. */
import { postForm, required } from "./requests";

const POLL_MS = 700;
const IDLE_POLL_MS = 3000;
const IDLE_AFTER_MS = 90_000;

interface Done {
  message?: string;
}

const phone = required<HTMLElement>("phone");
const wall = required<HTMLElement>("wall");
const form = required<HTMLFormElement>("say");
const toast = required<HTMLElement>("toast");

const addresses = phone.dataset as Record<"feedUrl" | "paymentsUrl" | "sayUrl" | "pressUrl" | "failed", string>;
const etags = new Map<string, string>();
let lastActed = Date.now();
let timer = 0;
let toastTimer = 0;
let toldIds = new Set<string>();
let firstLoad = true;

function atBottom(): boolean {
  return wall.scrollHeight - wall.scrollTop - wall.clientHeight < 80;
}

function say(text: string): void {
  toast.textContent = text;
  toast.hidden = false;
  window.clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => {
    toast.hidden = true;
  }, 4000);
}

/** Answers to presses are shown once, as Telegram shows them: a note that passes. */
function showNotices(): void {
  const notices = [...wall.querySelectorAll<HTMLElement>("[data-notice]")];
  const fresh = notices.filter((notice) => !toldIds.has(notice.dataset.notice ?? ""));
  toldIds = new Set(notices.map((notice) => notice.dataset.notice ?? ""));
  const last = fresh.at(-1);
  if (last?.textContent && !firstLoad) say(last.textContent);
  firstLoad = false;
}

/** The page at this address, or null if it is as it was. */
async function news(url: string): Promise<Document | null> {
  const response = await fetch(url, { headers: { "If-None-Match": etags.get(url) ?? "" }, cache: "no-store" });
  if (response.status !== 200) return null;
  etags.set(url, response.headers.get("ETag") ?? "");
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function put(into: string, from: HTMLElement | null): void {
  const target = document.getElementById(into);
  if (!target || !from || target.contains(document.activeElement)) return;
  target.hidden = from.childElementCount === 0;
  target.replaceChildren(...from.childNodes);
}

async function refresh(): Promise<void> {
  const [feed, payments] = await Promise.all([news(addresses.feedUrl), news(addresses.paymentsUrl)]);
  if (payments) put("payments-panel", payments.body);
  if (!feed) return;
  const stay = !atBottom();
  const scroll = wall.scrollTop;
  const messages = feed.getElementById("feed-messages");
  if (messages) wall.replaceChildren(...messages.childNodes);
  put("panel", feed.getElementById("feed-panel"));
  wall.scrollTop = stay ? scroll : wall.scrollHeight;
  showNotices();
}

async function poll(): Promise<void> {
  try {
    if (!document.hidden) await refresh();
  } catch {
    // The next round asks again; a passing network fault is not worth a word.
  } finally {
    const idle = Date.now() - lastActed > IDLE_AFTER_MS;
    timer = window.setTimeout(() => void poll(), idle ? IDLE_POLL_MS : POLL_MS);
  }
}

async function act(url: string, fields: Record<string, string>): Promise<void> {
  lastActed = Date.now();
  try {
    const answer = await postForm<Done>(url, fields);
    if (answer.status >= 400 || answer.body?.message) say(answer.body?.message ?? addresses.failed);
  } catch {
    say(addresses.failed);
  }
  window.clearTimeout(timer);
  await poll();
}

function mine(text: string): void {
  const bubble = document.createElement("div");
  bubble.className = "bubble bubble-mine";
  bubble.textContent = text;
  wall.append(bubble);
  wall.scrollTop = wall.scrollHeight;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  const field = form.elements.namedItem("text") as HTMLInputElement;
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  mine(text);
  void act(addresses.sayUrl, { text });
});

document.addEventListener("click", (event) => {
  const key = (event.target as HTMLElement).closest<HTMLElement>("[data-press]");
  if (key) {
    key.setAttribute("aria-busy", "true");
    void act(addresses.pressUrl, { data: key.dataset.press ?? "", message: key.dataset.message ?? "" });
    return;
  }
  const copy = (event.target as HTMLElement).closest<HTMLElement>("[data-copy-text]");
  if (copy) {
    void navigator.clipboard.writeText(copy.dataset.copyText ?? "");
    say(copy.dataset.copied ?? "");
  }
});

// The panel's forms (pay, fail, expire, skip, restart) act without leaving the page.
document.addEventListener(
  "submit",
  (event) => {
    const acting = event.target as HTMLFormElement;
    if (!acting.matches("[data-act]")) return;
    event.preventDefault();
    event.stopPropagation();
    const submitter = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    const fields: Record<string, string> = {};
    for (const [name, value] of new FormData(acting, submitter)) fields[name] = String(value);
    submitter?.blur();
    void act(acting.getAttribute("action") ?? "", fields);
  },
  true,
);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  window.clearTimeout(timer);
  void poll();
});

void poll();
