"""Lists as `{results, next, previous}` with cursors, newest first."""

from rest_framework.pagination import CursorPagination as BaseCursorPagination


class CursorPagination(BaseCursorPagination):
    """Keys are UUIDv7, so their order is the order of creation and nothing is skipped or shown twice."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
