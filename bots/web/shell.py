"""What the frame around every page needs: who, for which organization, in which colours."""

from functools import cached_property

from django.http import HttpRequest

from bots.models import Organization
from bots.permissions import Role
from bots.web.member import membership_of, organizations_of
from bots.web.navigation import NavigationItem, navigation

THEME_COOKIE = "theme"
AUTOMATIC = "auto"
THEMES = (AUTOMATIC, "trilho-light", "trilho-dark")


class Shell:
    """Read by `base.html`; asks the database only for what a page really shows."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def theme(self) -> str:
        chosen = self._request.COOKIES.get(THEME_COOKIE, AUTOMATIC)
        return chosen if chosen in THEMES else AUTOMATIC

    @cached_property
    def organization(self) -> Organization | None:
        membership = membership_of(self._request)
        return membership.organization if membership else None

    @cached_property
    def organizations(self) -> list[Organization]:
        return organizations_of(self._request)

    @cached_property
    def navigation(self) -> list[NavigationItem]:
        membership = membership_of(self._request)
        return navigation(self._request.path, Role(membership.role)) if membership else []


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell` on every page."""
    return {"shell": Shell(request)}
