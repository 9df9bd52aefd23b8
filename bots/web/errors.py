"""A service's refusal, said to people: what happened, what was kept, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, JsonResponse

from bots.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable

STATUSES: tuple[tuple[type[DomainError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
    (Unavailable, 503),
)


@contextmanager
def missing_is_404() -> Iterator[None]:
    """Rows named in an address: the organization's own, or a 404."""
    try:
        yield
    except NotFound as error:
        raise Http404(error.code) from error


def sentence(error: DomainError) -> str:
    """The message, and the hint where there is one."""
    return f"{error.message} {error.hint}" if error.hint else str(error.message)


def tell(request: HttpRequest, error: DomainError) -> None:
    """Shows the refusal on the next page. What is not there is a 404, never a message."""
    if isinstance(error, NotFound):
        raise Http404(error.code) from error
    messages.error(request, sentence(error))


def put_on(form: forms.BaseForm, error: DomainError) -> None:
    """Shows the refusal at the field it is about, else above the form."""
    if isinstance(error, NotFound):
        raise Http404(error.code) from error
    form.add_error(error.field if error.field in form.fields else None, sentence(error))


def as_json(error: DomainError) -> JsonResponse:
    """The refusal for a script of ours."""
    status = next((code for kind, code in STATUSES if isinstance(error, kind)), 400)
    return JsonResponse({"code": error.code, "message": sentence(error)}, status=status)
