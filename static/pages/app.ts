/** What every page carries: styles, htmx under a strict policy, theme, copy buttons, menus that close. */
import "./app.css";
import htmx from "htmx.org";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0;
htmx.config.selfRequestsOnly = true;
// A refusal (409, 422) is the page with what is wrong: it is shown.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "409|422", swap: true },
  { code: "[45]..", swap: false, error: true },
];

const root = document.documentElement;

/** The choice is applied at once here; the server writes the cookie that the next page is rendered with. */
function chooseTheme(value: string): void {
  if (value === "auto") delete root.dataset.theme;
  else root.dataset.theme = value;
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.value === value));
  }
}

async function submitQuietly(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  await fetch(form.getAttribute("action") ?? "", {
    method: "POST",
    body: new FormData(form, submitter),
    redirect: "manual",
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.matches("[data-theme-form]")) {
    const submitter = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    if (!submitter) return;
    event.preventDefault();
    chooseTheme(submitter.value);
    void submitQuietly(form, submitter);
    return;
  }
  if (form.method === "dialog" || event.defaultPrevented) return;
  // A slow answer must not be asked for twice.
  if (form.dataset.sent === "true") event.preventDefault();
  else if (!form.hasAttribute("data-many") && !form.hasAttribute("hx-post")) form.dataset.sent = "true";
});

// A page restored from the browser's cache may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement;
  if (field.matches("[data-submit-on-change]")) (field as HTMLSelectElement).form?.requestSubmit();
});

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const copy = target.closest<HTMLElement>("[data-copy]");
  if (copy) void copyText(copy);
  const opener = target.closest<HTMLElement>("[data-open-dialog]");
  if (opener) (document.getElementById(opener.dataset.openDialog ?? "") as HTMLDialogElement | null)?.showModal();
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = (event.target as HTMLElement).closest<HTMLDetailsElement>("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
});

async function copyText(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.dataset.copy ?? "");
  const text = source instanceof HTMLInputElement ? source.value : (source?.textContent ?? "");
  await navigator.clipboard.writeText(text.trim());
  const word = button.querySelector("[data-copy-word]") ?? button;
  const before = word.textContent;
  word.textContent = button.dataset.copied ?? before;
  window.setTimeout(() => {
    word.textContent = before;
  }, 2000);
}

// On a phone the tabs of a page scroll: the present one is in sight.
document.querySelector("main nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
