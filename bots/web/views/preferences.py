"""Colours, language, and which organization a member works for now."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from bots import services
from bots.models import Locale, User
from bots.web.shell import THEME_COOKIE, THEMES

A_YEAR = 365 * 24 * 60 * 60


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keeps the choice in a cookie: it belongs to the device, not to the person."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return HttpResponseBadRequest()
    answer = _back(request)
    answer.set_cookie(THEME_COOKIE, theme, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return answer


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keeps the choice on the device, and with the person where they are signed in."""
    language = request.POST.get("language", "")
    if language not in Locale.values or not check_for_language(language):
        return HttpResponseBadRequest()
    if isinstance(request.user, User):
        services.change_locale(user=request.user, locale=Locale(language))
    answer = _back(request)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
    )
    return answer


def _back(request: HttpRequest) -> HttpResponseRedirect:
    wanted = request.POST.get("next") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if safe else "/")
