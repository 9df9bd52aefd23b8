"""Making an invalid document readable by leaving out as little as may be left out.

Two policies. *Running* old data leaves out whole steps and conditions: half a step could charge a wrong price.
*Checking* a draft fills single fields in, so that what else is wrong with the step is still found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flows.engine import limits
from flows.engine.definition import FlowDocument
from flows.engine.hygiene import Path
from flows.engine.structure import errors_of

_MAX_ROUNDS: Final = 12
_MAX_FINE_ROUNDS: Final = 8
_HARMLESS: Final = frozenset({"position"})


class Policy(Enum):
    RUNNING = "running"
    CHECKING = "checking"


class _Gone(Enum):
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Mended:
    """What could be read. `step_places` and `condition_places` give, per step kept, its places in the original.

    `hopeless` says that there was too much wrong to read anything.
    """

    document: FlowDocument
    errors: tuple[tuple[Path, ErrorDetails], ...]
    step_places: tuple[int, ...]
    condition_places: tuple[tuple[int, ...], ...]
    hopeless: bool = False


def mend(document: dict[str, object], policy: Policy) -> Mended:
    """Reads the document under the policy; `errors` are those of the document as it came. Never raises."""
    draft = _Draft(_cut(document))
    first: list[tuple[Path, ErrorDetails]] | None = None
    for attempt in range(_MAX_ROUNDS):
        try:
            read = FlowDocument.model_validate(draft.document)
        except ValidationError as error:
            errors = errors_of(error)
            if first is None:
                first = errors
                if policy is Policy.CHECKING and len(errors) > limits.MAX_ERRORS:
                    break
                draft.own()
            for path, detail in errors:
                draft.leave_out(path, detail, policy if attempt < _MAX_FINE_ROUNDS else Policy.RUNNING)
            draft.sweep()
        else:
            return Mended(read, tuple(first or ()), *draft.places())
    return Mended(FlowDocument(), tuple(first or ())[: limits.MAX_ERRORS], (), (), hopeless=True)


def _cut(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what is over the limits of steps and conditions: it is refused, so it is not looked at."""
    steps = document.get("flow_steps")
    if not isinstance(steps, (list, tuple)):
        return document
    cut = [_cut_step(step) for step in steps[: limits.MAX_STEPS]]
    unchanged = len(cut) == len(steps) and all(new is old for new, old in zip(cut, steps, strict=True))
    return document if unchanged else {**document, "flow_steps": cut}


def _cut_step(step: Any) -> Any:
    if count_of_conditions(step) <= limits.MAX_CONDITIONS:
        return step
    return {**step, "conditions": step["conditions"][: limits.MAX_CONDITIONS]}


class _Draft:
    """A copy of the document that things are left out of."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        steps = document.get("flow_steps")
        self._steps: Sequence[Any] = steps if isinstance(steps, (list, tuple)) else ()
        self._step_places = list(range(len(self._steps)))
        self._condition_places = [list(range(count_of_conditions(step))) for step in self._steps]

    def own(self) -> None:
        self.document = _copy(self.document)

    def places(self) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
        return tuple(self._step_places), tuple(tuple(places) for places in self._condition_places)

    def leave_out(self, path: Path, detail: ErrorDetails, policy: Policy) -> None:
        if detail["type"] == "extra_forbidden":
            _remove(self.document, path)
        elif policy is Policy.RUNNING:
            _remove(self.document, _whole(path))
        else:
            _fill_or_remove(self.document, path)

    def sweep(self) -> None:
        """Takes out what was marked, keeping count of where the rest stood."""
        steps = self.document.get("flow_steps")
        if not isinstance(steps, list):
            self._step_places, self._condition_places = [], []
        else:
            for index, step in enumerate(steps):
                conditions = step.get("conditions") if isinstance(step, dict) else None
                if isinstance(conditions, list):
                    marks = zip(self._condition_places[index], conditions, strict=False)
                    self._condition_places[index] = [place for place, item in marks if item is not _Gone.GONE]
                else:
                    self._condition_places[index] = []
            kept = [index for index, step in enumerate(steps) if step is not _Gone.GONE]
            self._step_places = [self._step_places[index] for index in kept]
            self._condition_places = [self._condition_places[index] for index in kept]
        self.document = _swept(self.document)


def _whole(path: Path) -> Path:
    """What must go whole: a condition, a step, or a field of the document."""
    if len(path) >= 3 and path[0] == "flow_steps":
        if path[2] in _HARMLESS:
            return path[:3]
        return path[:4] if path[2] == "conditions" and len(path) >= 4 else path[:2]
    return path[:2] if path[:1] == ("flow_steps",) and len(path) == 2 else path[:1]


def _fill_or_remove(document: Any, path: Path) -> None:
    filler = _filler(path)
    if filler is not None:
        _put(document, path, filler)
        return
    parent = _parent(document, path)
    # What is not there cannot be taken out: then the part that needs it must go.
    absent = isinstance(parent, dict) and path[-1] not in parent
    _remove(document, path[:-1] if absent else path)


def _filler(path: Path) -> object:
    """A value that makes the rest readable and is wrong in no other way; None where there is none."""
    name = path[-1] if path else None
    text = "… " + ".".join(map(str, path))
    if len(path) >= 4 and path[2] == "conditions":
        return None
    if isinstance(name, int) and len(path) >= 2:
        item_of = path[-2]
        if item_of in ("custom_buttons", "main_buttons"):
            return {"text": text}
        if item_of == "coupons":
            return {"code": text, "percent": 1}
        return {"text": text, "url": "https://example.com"} if item_of in ("url_buttons", "redirect_buttons") else None
    match name:
        case "text":
            return text
        case "code":
            return text
        case "percent":
            return 1
        case "amount_off":
            return "0.01"
        case "config":
            return {}
        case "custom_buttons":
            return [{"text": text, "url": "https://example.com"}]
        case "weight":
            return 1
        case "name" if path[-3:-2] == ("arms",):
            return text
        case "name" if path[-3:-2] == ("assign",):
            return "x"
        case "value":
            return text
        case _:
            return None


def _parent(document: Any, path: Path) -> Any:
    for part in path[:-1]:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _put(document: Any, path: Path, value: object) -> None:
    parent, name = _parent(document, path), path[-1]
    within = isinstance(parent, list) and isinstance(name, int) and name < len(parent)
    if within or isinstance(parent, dict):
        parent[name] = value


def _remove(document: Any, path: Path) -> None:
    parent = _parent(document, path) if path else None
    if isinstance(parent, dict):
        parent.pop(path[-1], None)
    elif isinstance(parent, list) and isinstance(path[-1], int) and path[-1] < len(parent):
        parent[path[-1]] = _Gone.GONE


def _copy(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(item) for item in node] if isinstance(node, (list, tuple)) else node


def _swept(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _swept(value) for key, value in node.items()}
    return [_swept(item) for item in node if item is not _Gone.GONE] if isinstance(node, list) else node


def count_of_conditions(step: object) -> int:
    """How many conditions a raw step names."""
    conditions = step.get("conditions") if isinstance(step, dict) else None
    return len(conditions) if isinstance(conditions, (list, tuple)) else 0
