"""`text_validation`: what the contact wrote, trimmed and in Unicode NFKC, has a form or a content."""

from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal

import re2
from pydantic import Field, Strict, field_validator
from pydantic_core import PydanticCustomError, core_schema

from flows.engine import limits
from flows.engine.conditions import text_forms
from flows.engine.conditions.base import ConditionBase, ConditionType, Occasion, Stimulus
from flows.engine.fields import Flag

# Bounds what all compiled expressions of a process can hold: the cache below times this.
_REGEX_MEMORY: Final = 1 << 19


class Validation(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    CPF = "cpf"
    CNPJ = "cnpj"
    NUMBER = "number"
    DATE = "date"
    CONTAINS = "contains"
    EQUALS = "equals"
    REGEX = "regex"
    ANY = "any"


NEED_A_VALUE: Final = frozenset({Validation.CONTAINS, Validation.EQUALS, Validation.REGEX})


class TextValidation(ConditionBase):
    """Matches an answer by its form. `regex` is searched for anywhere (anchor it with ^ and $), in linear time."""

    occasions: ClassVar[frozenset[Occasion]] = frozenset({Occasion.ANSWER})

    type: Literal[ConditionType.TEXT_VALIDATION] = ConditionType.TEXT_VALIDATION
    validation: Validation = Field(default=Validation.ANY, description="The form the text must have.")
    value: Annotated[str, Strict(), Field(max_length=limits.MAX_CONDITION_VALUE)] | None = Field(
        default=None, validate_default=True, description="Needed by `contains`, `equals` and `regex`."
    )
    ignore_case: Flag = Field(default=True, description="For `contains`, `equals` and `regex`.")
    ignore_accents: Flag = Field(default=True, description="For `contains`, `equals` and `regex`.")

    @field_validator("value")
    @classmethod
    def _fits_the_validation(cls, value: str | None, info: core_schema.ValidationInfo) -> str | None:
        validation = info.data.get("validation")
        if validation in NEED_A_VALUE and (value is None or not value.strip()):
            raise PydanticCustomError("value_missing", "a value to compare with is needed")
        if validation is Validation.REGEX and value is not None and compiled(value, ignore_case=True) is None:
            raise PydanticCustomError("bad_regex", "is no regular expression of RE2")
        return value

    def _holds(self, stimulus: Stimulus) -> bool:
        if stimulus.wordless:
            return self.validation is Validation.ANY or (bool(stimulus.text) and self._accepts(stimulus.text))
        return self._accepts(stimulus.text)

    def _accepts(self, written: str) -> bool:
        text = text_forms.clean(written)
        if not text:
            return False
        match self.validation:
            case Validation.ANY:
                return True
            case Validation.EMAIL:
                return text_forms.is_email(text)
            case Validation.PHONE:
                return text_forms.is_phone(text)
            case Validation.CPF:
                return text_forms.is_cpf(text)
            case Validation.CNPJ:
                return text_forms.is_cnpj(text)
            case Validation.NUMBER:
                return text_forms.parse_number(text) is not None
            case Validation.DATE:
                return text_forms.parse_date(text) is not None
            case Validation.EQUALS:
                return self._fold(text) == self._fold(self.value or "")
            case Validation.CONTAINS:
                return self._fold(self.value or "") in self._fold(text)
            case Validation.REGEX:
                return self._found(text, self.value or "")

    def _fold(self, text: str) -> str:
        return text_forms.fold(text, ignore_case=self.ignore_case, ignore_accents=self.ignore_accents)

    def _found(self, text: str, pattern: str) -> bool:
        if _search(pattern, text, ignore_case=self.ignore_case):
            return True
        if not self.ignore_accents:
            return False
        bare = text_forms.without_accents
        return _search(bare(pattern), bare(text), ignore_case=self.ignore_case)


def _search(pattern: str, text: str, *, ignore_case: bool) -> bool:
    expression = compiled(pattern, ignore_case=ignore_case)
    return expression is not None and expression.search(text) is not None


@lru_cache(maxsize=256)
def compiled(pattern: str, *, ignore_case: bool) -> Any:
    """The RE2 expression, or None where the pattern is none; bounded in memory, so that it is also in time."""
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.max_mem = _REGEX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError):
        return None
