"""What is wrong with a definition: a finding while it is looked for, a problem once it is put into words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum
from typing import Final

from flows.engine import problem_texts_en, problem_texts_pt
from flows.engine.problem_codes import WARNINGS, Code, Expected

DEFAULT_LOCALE: Final = "pt-br"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, in words. `field` is a dotted path from the step (or from the document where `step_id` is None)."""

    code: str
    severity: Severity
    step_id: str | None
    field: str
    message: str
    hint: str

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def as_dict(self) -> dict[str, str | None]:
        return {
            "code": self.code,
            "severity": self.severity.value,
            "step_id": self.step_id,
            "field": self.field,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem before it is put into words; `values` fill the text's placeholders."""

    code: Code
    step_id: str | None
    field: str
    values: Mapping[str, object] = dataclass_field(default_factory=dict)


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.is_error for problem in problems)


def in_words(finding: Finding, locale: str = DEFAULT_LOCALE) -> Problem:
    """The problem in the language asked for; Portuguese where there is no other."""
    texts = problem_texts_en if locale.lower().startswith("en") else problem_texts_pt
    message, hint = texts.TEXTS[finding.code]
    values = {
        name: texts.EXPECTED[value] if isinstance(value, Expected) else str(value)
        for name, value in finding.values.items()
    }
    return Problem(
        code=finding.code.value,
        severity=Severity.WARNING if finding.code in WARNINGS else Severity.ERROR,
        step_id=finding.step_id,
        field=finding.field,
        message=_filled(message, values),
        hint=_filled(hint, values),
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    # Not str.format: the values come from the document, and an absent one must not raise.
    for name, value in values.items():
        text = text.replace(f"[{name}]", value)
    return text
