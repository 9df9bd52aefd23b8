"""Errors as `application/problem+json` (RFC 9457): `code`, and `errors [{field, code, message}]`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import server_error as default_server_error
from psycopg2 import errorcodes
from rest_framework import exceptions, status
from rest_framework.response import Response

from bots.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Stale, Unavailable

CONTENT_TYPE: Final = "application/problem+json"

STATUS_OF: Final[Mapping[type[DomainError], int]] = {
    NotFound: status.HTTP_404_NOT_FOUND,
    Stale: status.HTTP_412_PRECONDITION_FAILED,
    Conflict: status.HTTP_409_CONFLICT,
    Invalid: status.HTTP_422_UNPROCESSABLE_ENTITY,
    Forbidden: status.HTTP_403_FORBIDDEN,
    Unavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
    DomainError: status.HTTP_400_BAD_REQUEST,
}


# Somebody else holds the row; the same request is right a moment later.
BUSY: Final = (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE)
BUSY_SECONDS: Final = 1


class BodyTooLarge(exceptions.APIException):
    """RFC 9110: more than we read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = gettext_lazy("The body is larger than 2 MiB.")


class PreconditionRequired(exceptions.APIException):
    """RFC 6585: the request must say which revision it changes."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition_required"


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Every refusal in one shape; None for what is a bug, which Django answers and logs as a 500."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, OperationalError) and getattr(exc.__cause__, "pgcode", None) in BUSY:
        exc = Unavailable(
            "busy", _("Somebody else is changing the same thing. Try again in a moment."), retry_after=BUSY_SECONDS
        )
    if isinstance(exc, DomainError):
        return _of_domain_error(exc)
    return _of_api_exception(exc) if isinstance(exc, exceptions.APIException) else None


def problem(
    code: str,
    detail: str,
    http_status: int,
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem document; `more` are members beside the standard ones."""
    body = _body(code, detail, http_status) | {"errors": list(errors), **more}
    return Response(body, status=http_status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's answer to a bug: a page for people, a problem for programs."""
    if not request.path.startswith("/api/"):
        return default_server_error(request)
    body = _body("internal_error", _("Something went wrong on our side. Nothing was changed."), 500)
    return HttpResponse(orjson.dumps(body), status=500, content_type=CONTENT_TYPE)


def _body(code: str, detail: str, http_status: int) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": detail,
        "status": http_status,
        "code": code,
        "detail": detail,
        "errors": [],
    }


def _of_domain_error(exc: DomainError) -> Response:
    http_status = next(STATUS_OF[kind] for kind in type(exc).__mro__ if kind in STATUS_OF)
    errors: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {}
    if isinstance(exc, Invalid) and exc.problems:
        errors = [{"field": p.field, "code": p.code, "message": p.message} for p in exc.problems if p.is_error]
        more["problems"] = [p.as_dict() for p in exc.problems]
    elif exc.field:
        errors = [{"field": exc.field, "code": exc.code, "message": str(exc.message)}]
    if exc.hint:
        more["hint"] = str(exc.hint)
    headers = {}
    if isinstance(exc, Unavailable) and exc.retry_after:
        headers["Retry-After"] = str(max(1, round(exc.retry_after)))
    return problem(exc.code, str(exc.message), http_status, errors=errors, headers=headers, **more)


def _of_api_exception(exc: exceptions.APIException) -> Response:
    headers = {}
    if scheme := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = scheme
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(max(1, round(wait)))
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_flattened(exc.get_full_details()))
        return problem("invalid", _("The request is not valid."), exc.status_code, errors=errors, headers=headers)
    codes = exc.get_codes()
    code = codes if isinstance(codes, str) else exc.default_code
    return problem(code, str(exc.detail), exc.status_code, headers=headers)


def _flattened(details: Any, field: str = "") -> Iterator[dict[str, Any]]:
    """DRF's nested details as one list, each with the path of its field."""
    if isinstance(details, Mapping) and {"message", "code"} == set(details):
        yield {"field": field, "code": str(details["code"]), "message": str(details["message"])}
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            yield from _flattened(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(details, Sequence):
        for place, inner in enumerate(details):
            nested = isinstance(inner, Mapping) and {"message", "code"} != set(inner)
            yield from _flattened(inner, f"{field}[{place}]" if nested else field)
