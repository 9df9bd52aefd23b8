"""Lists as `{results, next, previous}` with cursors, newest first."""

from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor
from rest_framework.pagination import CursorPagination as BaseCursorPagination
from rest_framework.request import Request


class CursorPagination(BaseCursorPagination):
    """Keys are UUIDv7, so their order is the order of creation and nothing is skipped or shown twice."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    cursor_query_description = "From `next` or `previous` of another page."
    page_size_query_description = "How many rows, at most 200."

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises ValidationError for one that we did not make: its position is always a key."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None:
                UUID(str(cursor.position))
        except (NotFound, ValueError):
            refused = _("This is no cursor of ours: take it from `next` or `previous`.")
            raise ValidationError({self.cursor_query_param: [refused]}, code="invalid_cursor") from None
        return cursor


class OldestFirst(CursorPagination):
    """For what is read from its beginning: a timeline."""

    ordering = "id"
