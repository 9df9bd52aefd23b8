"""A bot's page: welcome, buttons, which flow runs, pause."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots import services as bot_services
from bots.errors import DomainError
from bots.models import Bot
from bots.permissions import Permission
from bots.web.errors import missing_is_404, put_on, tell
from bots.web.looks import bot_look
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors
from flows.services.bot_settings import BotChanges, change_bot
from flows.web.commands import commands_of
from flows.web.forms import BotForm, MainButtonForm, MainButtons, RedirectButtons, buttons_of
from flows.web.problems import problem_context, problems_in


@member_page(Permission.BOT_VIEW, methods=("GET", "HEAD", "POST"))
def bot_settings(request: MemberRequest, bot_id: UUID) -> HttpResponseBase:
    """Shows and changes the bot; a change that would break its active flow is refused whole."""
    bot = _bot_or_404(bot_id)
    may_change = allowed(request, Permission.BOT_CHANGE)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    flows = list(selectors.flows_of(bot_id=bot_id))
    active = next((flow.pk for flow in flows if flow.active), None)
    initial = {
        "welcome_message": bot.welcome_message,
        "flow_enabled": bot.flow_enabled,
        "active_flow": active,
        "support_contact": bot.support_contact,
    }
    sent = request.POST if request.method == "POST" else None
    form = BotForm(sent, flows=flows, initial=initial)
    main = MainButtons(sent, prefix="main", initial=[MainButtonForm.initial_of(button) for button in bot.main_buttons])
    redirects = RedirectButtons(sent, prefix="redirect", initial=bot.redirect_buttons)
    problems: dict[str, object] = {}
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid() and main.is_valid() and redirects.is_valid():
            chosen = form.cleaned_data["active_flow"]
            changes = BotChanges(
                welcome_message=form.cleaned_data["welcome_message"],
                main_buttons=buttons_of(main, bot.main_buttons),
                redirect_buttons=buttons_of(redirects, bot.redirect_buttons),
                flow_enabled=form.cleaned_data["flow_enabled"],
                active_flow=chosen.pk if chosen else None,
                support_contact=form.cleaned_data["support_contact"],
            )
            try:
                change_bot(bot_id, changes, actor=request.user)
            except DomainError as error:
                put_on(form, error)
                problems = problem_context(problems_in(error))
            else:
                messages.success(request, _("Saved. New people see it at once."))
                return redirect("bot_settings", bot_id)
    context = {
        "bot": bot,
        "look": bot_look(bot),
        "form": form,
        "main_buttons": main,
        "redirect_buttons": redirects,
        "can_change": may_change,
        "commands": commands_of(bot),
        **problems,
    }
    return render(request, "flows/bot_settings.html", context, status=status)


@member_page(Permission.BOT_CHANGE, methods=("POST",))
def pause(request: MemberRequest, bot_id: UUID) -> HttpResponseBase:
    """The bot keeps what arrives, and answers later."""
    _bot_or_404(bot_id)
    try:
        bot_services.pause_bot(bot_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    return redirect("bot_settings", bot_id)


@member_page(Permission.BOT_CHANGE, methods=("POST",))
def resume(request: MemberRequest, bot_id: UUID) -> HttpResponseBase:
    """The bot answers what it kept."""
    _bot_or_404(bot_id)
    try:
        bot_services.resume_bot(bot_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("The bot answers again."))
    return redirect("bot_settings", bot_id)


def _bot_or_404(bot_id: UUID) -> Bot:
    with missing_is_404():
        return bot_selectors.bot_of(bot_id)
