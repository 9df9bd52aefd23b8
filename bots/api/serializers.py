"""What bodies of every app's API are read with."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, so that a misspelt one is never silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            refused = serializers.ErrorDetail(_("There is no such field."), code="unknown_field")
            raise serializers.ValidationError({name: [refused] for name in unknown})
        return super().to_internal_value(data)
