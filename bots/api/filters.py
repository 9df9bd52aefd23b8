"""Filters in a list's address: an equality for each column the view names, a span for each of its moments, and an error
for a value of another type."""

from datetime import UTC, datetime, time
from typing import Any, Final

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
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


# What no row of ours can be older or younger than; nearer to the ends of time, calculations fail.
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


class ColumnFilter(BaseFilterBackend):
    """`filters = ("bot", "status")` on a view: `?bot=…` keeps the rows whose column equals it. `moments = {"paid":
    "paid_at"}`: `?paid_since=…` keeps what is not before, `?paid_until=…` what is before.

    Raises ValidationError (400) for a value that the column could never hold.
    """

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        for name in view.filters:
            value = request.query_params.get(name)
            if value is not None:
                field = queryset.model._meta.get_field(name)
                queryset = queryset.filter(**{field.attname: _typed(field, name, value)})
        for name, lookup in _spans(view):
            value = request.query_params.get(name)
            if value is not None:
                queryset = queryset.filter(**{lookup: _moment(name, value)})
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        model = view.serializer_class.Meta.model
        columns = [_parameter(name, _target(model._meta.get_field(name))) for name in view.filters]
        moment = {"type": "string", "description": "ISO 8601; a day alone begins at its midnight in Brazil."}
        spans = [{"name": name, "in": "query", "required": False, "schema": moment} for name, _lookup in _spans(view)]
        return columns + spans


def _spans(view: Any) -> list[tuple[str, str]]:
    """What a list's spans are called, and what each asks of the database."""
    return [
        (f"{name}_{end}", f"{column}__{lookup}")
        for name, column in view.moments.items()
        for end, lookup in (("since", "gte"), ("until", "lt"))
    ]


def _moment(name: str, value: str) -> datetime:
    try:
        day = parse_date(value)
        moment = parse_datetime(value) if day is None else datetime.combine(day, time.min)
        aware = moment if moment is None or timezone.is_aware(moment) else timezone.make_aware(moment)
        if aware is None or not _EARLIEST <= aware <= _LATEST:
            raise _refused(name)
    except (ValueError, OverflowError):
        raise _refused(name) from None
    return aware


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
