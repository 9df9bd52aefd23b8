"""Middleware that belongs to no app."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


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
