"""Filters in a list's address: an equality for each column the view names, and an error for a value of another type."""

from typing import Any, Final

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import models
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from bots.storable import clean_text

_SCHEMAS: Final[tuple[tuple[type[models.Field[Any, Any]], dict[str, str]], ...]] = (
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.IntegerField, {"type": "integer"}),
    (models.CharField, {"type": "string"}),
)


class ColumnFilter(BaseFilterBackend):
    """`filters = ("bot", "status")` on a view: `?bot=…` keeps the rows whose column equals it.

    Raises ValidationError (400) for a value that the column could never hold.
    """

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        for name in view.filters:
            value = request.query_params.get(name)
            if value is not None:
                field = queryset.model._meta.get_field(name)
                queryset = queryset.filter(**{field.attname: _typed(field, name, value)})
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        model = view.serializer_class.Meta.model
        return [_parameter(name, _target(model._meta.get_field(name))) for name in view.filters]


def _target(field: Any) -> models.Field[Any, Any]:
    target: models.Field[Any, Any] = getattr(field, "target_field", field)
    return target


def _typed(field: Any, name: str, value: str) -> Any:
    target = _target(field)
    if value != clean_text(value) or (target.choices and value not in dict(target.flatchoices)):
        raise _refused(name)
    try:
        typed = target.to_python(value)
        target.run_validators(typed)
    except ModelValidationError:
        raise _refused(name) from None
    return typed


def _refused(name: str) -> ValidationError:
    return ValidationError({name: [_("This field can have no such value.")]}, code="invalid_filter")


def _parameter(name: str, field: models.Field[Any, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = next(dict(schema) for kind, schema in _SCHEMAS if isinstance(field, kind))
    if field.choices:
        schema["enum"] = [value for value, _label in field.flatchoices]
    return {"name": name, "in": "query", "required": False, "schema": schema}
