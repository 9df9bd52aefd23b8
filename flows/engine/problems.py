"""What is wrong with a definition: a finding while it is looked for, a problem once it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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

    code: str
    step_id: str | None
    field: str
    values: Mapping[str, object] = field(default_factory=dict)
