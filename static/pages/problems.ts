/** Where a problem stands in the text of a definition. */
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";

export interface Problem {
  code: string;
  severity: "error" | "warning";
  step_id: string | null;
  field: string;
  message: string;
  hint: string;
}

export interface Span {
  from: number;
  to: number;
}

function textOf(state: EditorState, node: SyntaxNode): string {
  const raw = state.sliceDoc(node.from, node.to);
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw;
  }
}

function property(state: EditorState, object: SyntaxNode, name: string): SyntaxNode | null {
  for (const entry of object.getChildren("Property")) {
    const key = entry.getChild("PropertyName");
    if (key && textOf(state, key) === name) return entry;
  }
  return null;
}

function items(array: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let node = array.firstChild; node; node = node.nextSibling) {
    if (!["[", "]", ",", "⚠"].includes(node.name)) found.push(node);
  }
  return found;
}

/** Follows `conditions[0].target_step` or `conditions.0.target_step` as far as the text goes. */
function follow(state: EditorState, start: SyntaxNode, path: string): SyntaxNode {
  let node = start;
  let best = start;
  for (const part of path.split(/[.[\]]+/).filter(Boolean)) {
    if (node.name === "Array") {
      const next = items(node)[Number(part)];
      if (!next) return best;
      node = next;
      best = next;
    } else if (node.name === "Object") {
      const entry = property(state, node, part);
      if (!entry?.lastChild) return best;
      best = entry;
      node = entry.lastChild;
    } else return best;
  }
  return best;
}

function stepObject(state: EditorState, top: SyntaxNode, stepId: string): SyntaxNode | null {
  const steps = property(state, top, "flow_steps")?.lastChild;
  if (!steps) return null;
  for (const step of items(steps)) {
    const id = step.name === "Object" ? property(state, step, "id")?.lastChild : null;
    if (id && textOf(state, id) === stepId) return step;
  }
  return null;
}

/** Marks stay on one line: a whole array underlined says nothing. */
function firstLine(state: EditorState, node: SyntaxNode): Span {
  return { from: node.from, to: Math.min(node.to, state.doc.lineAt(node.from).to) };
}

/** The part of the text a problem is about: its field, else its step's id, else the first line. */
export function spanOf(state: EditorState, problem: Pick<Problem, "step_id" | "field">): Span {
  const top = syntaxTree(state).topNode.firstChild;
  const fallback = { from: 0, to: Math.min(1, state.doc.length) };
  if (top?.name !== "Object") return fallback;
  const step = problem.step_id === null ? null : stepObject(state, top, problem.step_id);
  const field = problem.field.replace(/^flow_steps[.[]\d+\]?\.?/, "");
  const start = step ?? top;
  const found = follow(state, step ? start : top, step ? field : problem.field);
  if (found !== start) return firstLine(state, found);
  const id = step ? property(state, step, "id") : null;
  return id ? { from: id.from, to: id.to } : fallback;
}
