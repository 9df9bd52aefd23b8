"""A bot's built-in texts in its own words."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.errors import DomainError
from bots.models import Bot
from bots.permissions import Permission
from bots.web.errors import missing_is_404
from bots.web.member import MemberRequest, allowed, member_page
from flows.engine.texts import LANGUAGES, BuiltinText
from flows.services.bot_settings import BotChanges, change_bot
from flows.services.bot_texts import checked_wording
from flows.web.bot_text_cards import Written, text_groups


@member_page(Permission.BOT_VIEW)
def text_list(request: MemberRequest, bot_id: UUID) -> HttpResponseBase:
    """Every built-in text, in both languages, with what it may hold."""
    return _page(request, _bot_or_404(bot_id))


@member_page(Permission.BOT_CHANGE, methods=("POST",))
def change_text(request: MemberRequest, bot_id: UUID, code: str) -> HttpResponseBase:
    """Keeps the bot's own words for one text, shows how they look, or goes back to ours."""
    bot, known = _bot_or_404(bot_id), _code_or_404(code)
    act = request.POST.get("act", "save")
    given = {language: "" if act == "reset" else request.POST.get(language, "") for language in LANGUAGES}
    errors = {language: told for language in LANGUAGES if (told := _told(known, given[language], language))}
    if act == "preview" or errors:
        return _page(request, bot, Written(known, given, errors), status=422 if errors else 200)
    change_bot(bot_id, BotChanges(texts={known.value: given}), actor=request.user)
    messages.success(request, _("Saved. The bot says it from now on."))
    return redirect(f"{reverse('bot_texts', args=[bot_id])}#{known.value}")


def _told(code: BuiltinText, wording: str, language: str) -> str:
    try:
        checked_wording(code, wording, field=language)
    except DomainError as error:
        return str(error.message)
    return ""


def _page(request: MemberRequest, bot: Bot, written: Written | None = None, *, status: int = 200) -> HttpResponseBase:
    context = {
        "bot": bot,
        "groups": text_groups(bot, first_name=request.user.get_short_name(), written=written),
        "can_change": allowed(request, Permission.BOT_CHANGE),
    }
    return render(request, "flows/bot_texts.html", context, status=status)


def _bot_or_404(bot_id: UUID) -> Bot:
    with missing_is_404():
        return bot_selectors.bot_of(bot_id)


def _code_or_404(code: str) -> BuiltinText:
    try:
        return BuiltinText(code)
    except ValueError:
        raise Http404 from None
