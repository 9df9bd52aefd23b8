"""Filters in a list's address: an equality for each named parameter, and an error for a value of another type."""

from typing import TypeVar

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

Row = TypeVar("Row", bound=Model)


def filtered(rows: QuerySet[Row], request: Request, **columns: str) -> QuerySet[Row]:
    """The rows whose column equals the parameter of that name, for each parameter given.

    Raises ValidationError (400) for a value that is none of the column's type.
    """
    for parameter, column in columns.items():
        value = request.query_params.get(parameter)
        if value is None:
            continue
        try:
            field = rows.model._meta.get_field(column.removesuffix("_id") if column.endswith("_id") else column)
        except LookupError:
            field = rows.model._meta.get_field(column)
        target = getattr(field, "target_field", field)
        try:
            typed = target.to_python(value)
            target.run_validators(typed)
        except ModelValidationError:
            raise ValidationError({parameter: [_("This value cannot be compared with the field.")]}) from None
        rows = rows.filter(**{column: typed})
    return rows
