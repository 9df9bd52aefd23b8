"""What our own scripts send as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _


def sent_json(request: HttpRequest) -> Mapping[str, Any]:
    """The object of the body; nothing where there is none."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def not_json() -> JsonResponse:
    """The answer to a text that is no JSON object."""
    message = _("This is not JSON yet: check commas, quotes and brackets.")
    return JsonResponse({"code": "not_json", "message": message}, status=400)
