/** Requests to our own pages: CSRF token, JSON in and out. */

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

export interface Answer<T> {
  status: number;
  body: T | null;
}

export async function postJson<T>(url: string, payload: unknown): Promise<Answer<T>> {
  return send<T>(url, JSON.stringify(payload), "application/json");
}

export async function postForm<T>(url: string, fields: Record<string, string>): Promise<Answer<T>> {
  return send<T>(url, new URLSearchParams(fields).toString(), "application/x-www-form-urlencoded");
}

async function send<T>(url: string, body: string, type: string): Promise<Answer<T>> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": type, "X-CSRFToken": csrfToken(), Accept: "application/json" },
    body,
  });
  const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
  return { status: response.status, body: isJson ? ((await response.json()) as T) : null };
}

/** The texts of a page, translated by the server into a JSON element. */
export function pageTexts(id: string): Record<string, string> {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as Record<string, string>;
}

export function required<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`#${id} is missing from the page`);
  return element as T;
}
