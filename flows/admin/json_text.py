"""JSON in a box of a staff form."""

import json
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

JSON_BOX: Final = {"spellcheck": "false", "style": "font-family: ui-monospace, monospace; font-size: 13px"}


class JsonTextField(forms.JSONField):
    """JSON shown with its indents and its letters as they are; what was typed stays as it was typed."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
