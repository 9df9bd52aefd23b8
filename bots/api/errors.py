"""Errors as `application/problem+json` (RFC 9457): `code`, and `errors [{field, code, message}]`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

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


class ProblemRenderer(JSONRenderer):
    """JSON under the media type of problems; set on a response, never negotiated."""

    media_type = CONTENT_TYPE


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
    if isinstance(exc, DomainError):
        response = _of_domain_error(exc)
    elif isinstance(exc, exceptions.APIException):
        response = _of_api_exception(exc)
    else:
        return None
    set_rollback()
    return response


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
    body = {
        "type": "about:blank",
        "title": detail,
        "status": http_status,
        "code": code,
        "detail": detail,
        "errors": list(errors),
        **more,
    }
    return Response(body, status=http_status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def _of_domain_error(exc: DomainError) -> Response:
    http_status = next(STATUS_OF[kind] for kind in type(exc).__mro__ if kind in STATUS_OF)
    errors: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {}
    if isinstance(exc, Invalid) and exc.problems:
        errors = [{"field": p.field, "code": p.code, "message": p.message} for p in exc.problems]
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
