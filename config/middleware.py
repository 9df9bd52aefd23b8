"""Middleware that belongs to no app."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse

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
