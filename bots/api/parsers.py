"""What a request's body may be: JSON that PostgreSQL and other JSON readers can hold too."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class StrictJsonParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN or infinity, no lone surrogates, at most 1,024 levels deep."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(_("The body is no JSON: %(why)s.") % {"why": error}) from None
