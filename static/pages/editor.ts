/** The JSON editor of a flow's draft: live problems, autosave with a revision, both sides of a conflict kept. */
import { autocompletion, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Problem, spanOf } from "./problems";
import { pageTexts, postJson, required } from "./requests";

const CHECK_AFTER_MS = 350;
const SAVE_AFTER_MS = 1500;

interface Checked {
  problems: Problem[];
  list: string;
  message?: string;
}

interface Saved extends Checked {
  revision: number;
  publishable: boolean;
}

interface Refused {
  message: string;
  revision?: number;
  theirs?: string;
}

const frame = required<HTMLElement>("editor");
const list = required<HTMLElement>("problems");
const stateWord = required<HTMLElement>("save-state");
const publish = document.getElementById("publish") as HTMLButtonElement | null;
const conflict = document.getElementById("conflict") as HTMLDialogElement | null;
const texts = pageTexts("editor-texts");
const addresses = frame.dataset as Record<"check" | "save" | "nonce", string>;
const editable = frame.dataset.editable === "true";

let revision = Number(frame.dataset.revision);
let savedText = JSON.parse(required("draft").textContent ?? '""') as string;
let problems = JSON.parse(required("draft-problems").textContent ?? "[]") as Problem[];
let checkTimer = 0;
let saveTimer = 0;
let saving = false;
let conflicted = false;
let round = 0;

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--ink-go)" },
  { tag: tags.string, color: "var(--color-base-content)" },
  { tag: tags.number, color: "var(--ink-money)" },
  { tag: [tags.bool, tags.null], color: "var(--ink-needs)" },
  { tag: tags.punctuation, color: "var(--ink-muted)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "14px", backgroundColor: "var(--color-base-100)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: 'ui-monospace, "SFMono-Regular", "Liberation Mono", monospace', lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--color-primary)", paddingBlock: "12px" },
  ".cm-gutters": { backgroundColor: "var(--color-base-100)", color: "var(--ink-muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in oklab, var(--color-primary) 6%, transparent)",
  },
  ".cm-cursor": { borderLeftColor: "var(--color-primary)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--color-primary) 22%, transparent)",
  },
  ".cm-panels": { backgroundColor: "var(--color-base-200)", color: "var(--color-base-content)" },
  ".cm-tooltip": {
    backgroundColor: "var(--color-base-100)",
    color: "var(--color-base-content)",
    border: "1px solid var(--color-base-300)",
    borderRadius: "8px",
    maxWidth: "30rem",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--color-error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--color-warning)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--tint-quiet)", border: "none", color: "var(--ink-muted)" },
});

const view = new EditorView({
  parent: frame,
  state: EditorState.create({
    doc: savedText,
    extensions: [
      EditorView.cspNonce.of(addresses.nonce),
      lineNumbers(),
      foldGutter(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      EditorView.lineWrapping,
      EditorState.tabSize.of(2),
      EditorState.readOnly.of(!editable),
      EditorView.contentAttributes.of({ "aria-label": texts.label ?? "" }),
      json(),
      syntaxHighlighting(colours),
      look,
      keymap.of([
        { key: "Mod-s", preventDefault: true, run: saveNow },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...lintKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed();
      }),
    ],
  }),
});

function saveNow(): boolean {
  void save();
  return true;
}

function text(): string {
  return view.state.doc.toString();
}

function parsed(): unknown | undefined {
  try {
    return JSON.parse(text());
  } catch {
    return undefined;
  }
}

function tell(word: string, tone: "quiet" | "go" | "needs" | "broken"): void {
  stateWord.textContent = word;
  stateWord.dataset.tone = tone;
}

function changed(): void {
  round += 1;
  tell(texts.unsaved ?? "", "quiet");
  if (publish) publish.disabled = true;
  window.clearTimeout(checkTimer);
  window.clearTimeout(saveTimer);
  checkTimer = window.setTimeout(() => void check(), CHECK_AFTER_MS);
  if (!conflicted) saveTimer = window.setTimeout(() => void save(), SAVE_AFTER_MS);
}

function show(found: Problem[], html: string): void {
  problems = found;
  list.innerHTML = html;
  mark();
}

function mark(): void {
  const diagnostics: Diagnostic[] = [...jsonParseLinter()(view)].map((diagnostic) => ({
    ...diagnostic,
    message: texts.notJson ?? diagnostic.message,
  }));
  if (diagnostics.length === 0) {
    for (const problem of problems) {
      const span = spanOf(view.state, problem);
      diagnostics.push({ ...span, severity: problem.severity, message: problem.message });
    }
  }
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

async function check(): Promise<void> {
  const mine = round;
  if (parsed() === undefined) {
    mark();
    tell(texts.notJson ?? "", "broken");
    return;
  }
  const answer = await postJson<Checked>(addresses.check, { definition: text() });
  if (mine === round && answer.status === 200 && answer.body) show(answer.body.problems, answer.body.list);
}

async function save(): Promise<void> {
  if (!editable || saving || text() === savedText) {
    if (text() === savedText) tell(texts.saved ?? "", "go");
    return;
  }
  if (parsed() === undefined) {
    mark();
    tell(texts.notJson ?? "", "broken");
    return;
  }
  saving = true;
  const mine = round;
  const sent = text();
  tell(texts.saving ?? "", "quiet");
  try {
    const answer = await postJson<Saved | Refused>(addresses.save, { definition: sent, revision });
    if (answer.status === 200 && answer.body) accepted(answer.body as Saved, sent, mine);
    else if (answer.status === 409 && answer.body) refused(answer.body as Refused);
    else tell((answer.body as Refused | null)?.message ?? texts.failed ?? "", "broken");
  } catch {
    tell(texts.failed ?? "", "broken");
    saveTimer = window.setTimeout(() => void save(), 5000);
  } finally {
    saving = false;
  }
}

function accepted(saved: Saved, sent: string, mine: number): void {
  revision = saved.revision;
  savedText = sent;
  conflicted = false;
  if (mine !== round) {
    saveTimer = window.setTimeout(() => void save(), SAVE_AFTER_MS);
    return;
  }
  show(saved.problems, saved.list);
  tell(texts.saved ?? "", "go");
  if (publish) publish.disabled = !saved.publishable;
}

/** Somebody else saved first: nothing is overwritten, the member sees both and chooses. */
function refused(answer: Refused): void {
  conflicted = true;
  window.clearTimeout(saveTimer);
  tell(answer.message, "needs");
  if (!conflict || answer.theirs === undefined || answer.revision === undefined) return;
  const { theirs, revision: theirRevision } = answer;
  required("conflict-mine").textContent = text();
  required("conflict-theirs").textContent = theirs;
  required<HTMLButtonElement>("keep-mine").onclick = () => {
    revision = theirRevision;
    conflict.close();
    void save();
  };
  required<HTMLButtonElement>("take-theirs").onclick = () => {
    revision = theirRevision;
    savedText = theirs;
    conflict.close();
    conflicted = false;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: theirs } });
  };
  if (!conflict.open) conflict.showModal();
}

function goTo(place: Pick<Problem, "step_id" | "field">): void {
  const span = spanOf(view.state, place);
  view.dispatch({
    selection: { anchor: span.from, head: span.to },
    effects: EditorView.scrollIntoView(span.from, { y: "center" }),
  });
  view.focus();
}

list.addEventListener("click", (event) => {
  const button = (event.target as HTMLElement).closest<HTMLElement>("[data-problem]");
  const problem = button ? problems[Number(button.dataset.problem)] : undefined;
  if (!problem) return;
  goTo(problem);
});

document.getElementById("save")?.addEventListener("click", () => void save());

window.addEventListener("beforeunload", (event) => {
  if (editable && text() !== savedText) event.preventDefault();
});

/** `#passo=menu` is where the test chat sends whoever wants to see a step. */
function goToNamedStep(): void {
  const named = /^#passo=(.+)$/.exec(window.location.hash)?.[1];
  if (named) goTo({ step_id: decodeURIComponent(named), field: "" });
}

if (window.location.hash === "#problemas") list.scrollIntoView();
goToNamedStep();
window.addEventListener("hashchange", goToNamedStep);
mark();
