"""The door of every member's page: signed in, of this organization, and allowed to."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from bots import selectors
from bots.models import Membership, Organization, User
from bots.permissions import Permission, may

Rest = ParamSpec("Rest")


class MemberRequest(HttpRequest):
    """A request whose door was passed: `member_page` promises these."""

    user: User
    membership: Membership


MemberView = Callable[Concatenate[MemberRequest, Rest], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def member_page(
    permission: Permission | None = None, *, methods: tuple[str, ...] = ("GET", "HEAD")
) -> Callable[[MemberView[Rest]], View[Rest]]:
    """Anonymous: to the sign-in page. No organization yet: to its making. Without the permission: 403. Other
    methods: 405. Other organizations' rows are a 404 of the selectors' making."""

    def decorate(view: MemberView[Rest]) -> View[Rest]:
        @require_http_methods(list(methods))
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            membership = membership_of(request)
            if membership is None:
                return redirect("organization_new")
            if permission is not None and not may(membership.role, permission):
                raise PermissionDenied
            return view(cast(MemberRequest, request), *args, **kwargs)

        return cast(View[Rest], guarded)

    return decorate


def allowed(request: MemberRequest, permission: Permission) -> bool:
    """Whether this member may do that here."""
    return may(request.membership.role, permission)


def membership_of(request: HttpRequest) -> Membership | None:
    """The signed-in person's place in the organization this request works for, if any."""
    return cast(Membership | None, getattr(request, "membership", None))


def signed_in(request: HttpRequest) -> User:
    """The person behind `login_required`."""
    assert isinstance(request.user, User)
    return request.user


def organizations_of(request: HttpRequest) -> list[Organization]:
    """Every organization the signed-in person is a member of."""
    return list(selectors.organizations_of(request.user)) if isinstance(request.user, User) else []
