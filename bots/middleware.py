"""One transaction and one scope per request: the organization the person works for, or the staff's view of all."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from bots import selectors
from bots.models import Membership, User
from bots.tenancy import organization_scope, staff_scope

# Where the session keeps the organization a person has chosen.
ORGANIZATION_SESSION_KEY = "organization"
ADMIN_NAMESPACE = "admin"
FIRST_ERROR = 400


class TenantMiddleware:
    """Stands behind authentication. Sets `request.membership` and `request.organization` (None for strangers).

    The view and its template run in one transaction, undone where the answer is an error. A view marked
    `@no_transaction` gets the scope alone and opens short transactions itself. Who has no session costs no statement.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _match(request)
        if match is None or getattr(match.func, "no_transaction", False):
            with _scope_of(request, match):
                return self.get_response(request)
        with transaction.atomic(), _scope_of(request, match):
            response = self.get_response(request)
            if response.status_code >= FIRST_ERROR:
                transaction.set_rollback(True)
            return response


def _match(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None


@contextmanager
def _scope_of(request: HttpRequest, match: ResolverMatch | None) -> Iterator[None]:
    """Enter what this person may see: one organization, everything for staff in their admin, nothing for strangers."""
    request.membership = None  # type: ignore[attr-defined]
    request.organization = None  # type: ignore[attr-defined]
    user = request.user
    if not isinstance(user, User):
        yield
    elif match is not None and ADMIN_NAMESPACE in match.namespaces:
        # Whoever is no staff is turned away by the admin itself, and sees nothing until then.
        if user.is_staff and user.is_active:
            with staff_scope():
                yield
        else:
            yield
    else:
        membership = selectors.membership_for(user, _preferred(request))
        if membership is None:
            yield
            return
        request.membership = membership  # type: ignore[attr-defined]
        request.organization = membership.organization  # type: ignore[attr-defined]
        with organization_scope(membership.organization_id), timezone.override(_zone(membership)):
            yield


def _preferred(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.session.get(ORGANIZATION_SESSION_KEY, ""))
    except (ValueError, TypeError, AttributeError):
        return None


def _zone(membership: Membership) -> ZoneInfo | None:
    try:
        return ZoneInfo(membership.organization.time_zone)
    except (KeyError, ValueError):
        return None
