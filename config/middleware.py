"""Middleware that belongs to no app."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

TELEGRAM_PREFIX = "/telegram/"


class TelegramDoorMiddleware:
    """Leads Telegram's updates straight to their view. Nobody there has a session, a language or a browser, and asking
    for all of that cost more than the view. Stands behind Django's SecurityMiddleware, which holds for everybody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(TELEGRAM_PREFIX):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response


class AdminContentSecurityPolicyMiddleware:
    """Loosens the policy for the staff's pages alone: unfold runs on Alpine, which evaluates expressions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.replaced = {
            **settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
            "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
            "style-src": [SELF, UNSAFE_INLINE],
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("admin:index")):
            response._csp_replace = self.replaced  # type: ignore[attr-defined]
        return response


class StaffSecondFactorMiddleware:
    """Where `STAFF_SECOND_FACTOR` is on, staff without a second factor are led to where they set one up, and get
    nowhere else in the admin. Whoever has one was asked for it when signing in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.STAFF_SECOND_FACTOR and request.path.startswith(reverse("admin:index")):
            user = request.user
            # Whoever is no staff is the admin's to refuse; signing out stays open.
            leaving = request.path == reverse("admin:logout")
            if user.is_authenticated and user.is_staff and not leaving and not _has_second_factor(user):
                messages.warning(request, _("Staff sign in with a second factor: set yours up first."))
                return redirect("mfa_activate_totp")
        return self.get_response(request)


def _has_second_factor(user: object) -> bool:
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP]))
