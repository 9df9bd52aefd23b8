"""The list of bots, and connecting one."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots import selectors, services
from bots.errors import Conflict, DomainError
from bots.models import Bot
from bots.permissions import Permission
from bots.tenancy import no_transaction
from bots.web.errors import put_on
from bots.web.forms import ConnectBotForm
from bots.web.looks import Look, bot_look
from bots.web.member import MemberRequest, allowed, member_page

FOREIGN_WEBHOOK = "foreign_webhook"


@dataclass(frozen=True, slots=True)
class BotRow:
    """One bot in the list."""

    row: Bot
    look: Look


@member_page(Permission.BOT_VIEW)
def bot_list(request: MemberRequest) -> HttpResponseBase:
    """Every bot, and whether it answers."""
    context = {
        "bots": [BotRow(bot, bot_look(bot)) for bot in selectors.bots_of()],
        "can_connect": allowed(request, Permission.BOT_CONNECT),
    }
    return render(request, "bots/bot_list.html", context)


@no_transaction
@member_page(Permission.BOT_CONNECT, methods=("GET", "HEAD", "POST"))
def connect(request: MemberRequest) -> HttpResponseBase:
    """Checks a token with Telegram; a webhook that belongs to somebody else is named and asked about."""
    form = ConnectBotForm(request.POST or None)
    foreign: Conflict | None = None
    if request.method == "POST" and form.is_valid():
        try:
            bot = services.connect_bot(
                organization=request.membership.organization,
                token=form.cleaned_data["token"],
                actor=request.user,
                take_over=form.cleaned_data["take_over"],
            )
        except Conflict as error:
            if error.code == FOREIGN_WEBHOOK:
                foreign = error
            else:
                put_on(form, error)
        except DomainError as error:
            put_on(form, error)
        else:
            messages.success(request, _("%(bot)s is connected.") % {"bot": bot.name})
            return redirect("bot_settings", bot.pk)
    status = 200 if request.method != "POST" else 409 if foreign else 422
    return render(request, "bots/bot_connect.html", {"form": form, "foreign": foreign}, status=status)
