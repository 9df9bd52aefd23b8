"""Hoje: does anything need me, and then how much was sold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bots import selectors as bot_selectors
from bots.models import Bot, BotStatus
from bots.permissions import Permission
from bots.web.looks import Look, Tone
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.moments import span
from flows import selectors as flow_selectors
from flows.standing_still import count_standing
from payments import selectors
from payments.domain.money import Currency, Money
from payments.selectors.proof import INSIDE_WITHIN
from payments.web import money_back
from payments.web.event_words import alarm_in_words
from payments.web.rows import sale_rows

LATEST = 8
BROKEN = Look("circle-x", "", Tone.BROKEN)
NEEDS = Look("triangle-alert", "", Tone.NEEDS)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for the member, and the page that deals with it."""

    look: Look
    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage on the way to the first sale."""

    title: str
    text: str
    icon: str
    url: str
    action: str
    is_done: bool
    is_next: bool = False


@member_page()
def today(request: MemberRequest) -> HttpResponseBase:
    """What the organization's day looks like now."""
    bots = list(bot_selectors.bots_of())
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    sees_money = allowed(request, Permission.PAYMENT_VIEW)
    takings = selectors.takings(since=midnight) if sees_money else ()
    latest = list(selectors.sales()[:LATEST]) if sees_money else []
    context = {
        "needs": list(_needs(bots, sees_money=sees_money)),
        "setup": [] if latest else _setup(bots),
        "totals": [taking.total for taking in takings],
        "nothing_sold": Money(0, Currency.BRL),
        "sale_count": sum(taking.sales for taking in takings),
        "people_inside": flow_selectors.people_inside(),
        "sales": sale_rows(latest),
        "sees_money": sees_money,
    }
    return render(request, "payments/today.html", context)


def _needs(bots: list[Bot], *, sees_money: bool) -> Iterator[Need]:
    for bot in bots:
        if bot.status in (BotStatus.REVOKED, BotStatus.DISCONNECTED):
            yield Need(
                BROKEN,
                _("%(bot)s does not answer") % {"bot": bot.name},
                bot.last_error or _("Telegram no longer accepts its token. Connect it again."),
                reverse("bot_settings", args=[bot.pk]),
            )
    yield from _chat_needs()
    if sees_money:
        yield from _money_needs()
    standing = count_standing()
    if standing:
        yield Need(
            BROKEN,
            ngettext("%(count)d conversation stands still", "%(count)d conversations stand still", standing)
            % {"count": standing},
            _("It cannot go on by itself. What was said and paid is kept."),
            reverse("standing_list"),
        )


def _chat_needs() -> Iterator[Need]:
    """Groups and channels in which a bot cannot do what is owed to people there."""
    for chat in selectors.chats():
        page = reverse("chat_detail", args=[chat.pk])
        if not chat.lets_people_in:
            text = _("Nobody can come in. Whoever paid gets a link as soon as the bot is back.")
            yield Need(BROKEN, _("The bot may not invite people to %(chat)s") % {"chat": chat}, text, page)
        elif not chat.lets_people_out:
            text = _("Whose access is over stays inside until the bot may ban people.")
            yield Need(NEEDS, _("The bot may not remove people from %(chat)s") % {"chat": chat}, text, page)


def _money_needs() -> Iterator[Need]:
    for order in selectors.paid_but_not_served()[:5]:
        assert order.paid_at is not None
        waited = span(timezone.now() - order.paid_at)
        yield Need(
            BROKEN,
            _("%(name)s paid and has no access") % {"name": order.contact},
            _("%(what)s, for %(waited)s") % {"what": order.description, "waited": waited},
            reverse("sale_detail", args=[order.pk]),
        )
    outside = selectors.paid_but_not_inside(longer_than=INSIDE_WITHIN).count()
    if outside:
        yield Need(
            BROKEN,
            ngettext("%(count)d person paid and is not inside", "%(count)d people paid and are not inside", outside)
            % {"count": outside},
            _("Their links brought them into no group. See what became of them, or send a fresh one."),
            reverse("outside_list"),
        )
    undecided = money_back.things_waiting()
    if undecided:
        yield Need(
            NEEDS,
            ngettext("%(count)d payment waits for you", "%(count)d payments wait for you", undecided)
            % {"count": undecided},
            _("It came late, twice, too little or too much, or is to be given back. Decide what is done."),
            reverse("decision_list"),
        )
    for account in selectors.failing_accounts():
        yield Need(
            NEEDS,
            _("%(account)s does not answer") % {"account": account.name},
            _("New charges may fail until it does. Those already made are watched."),
            reverse("account_list"),
        )
    unusual = selectors.alarms(since=timezone.now() - timedelta(days=1))
    for event in unusual[:3]:
        yield Need(
            NEEDS,
            _("Look at %(name)s's payment") % {"name": event.payment.contact},
            str(alarm_in_words(event)),
            reverse("sale_detail", args=[event.payment.order_id]),
        )


def _setup(bots: list[Bot]) -> list[Stage]:
    """The way to the first sale; the first stage that is not done offers its action."""
    flow = flow_selectors.flows_of().first()
    published = flow_selectors.has_published_flow()
    live = any(bot.flow_enabled for bot in bots) and any(flow.active for flow in flow_selectors.flows_of())
    flow_url = reverse("flow_editor", args=[flow.pk]) if flow else reverse("flow_new")
    stages = [
        Stage(
            _("Connect a bot"),
            _("Paste the token that @BotFather gave you."),
            "bot",
            reverse("bot_connect"),
            _("Connect a bot"),
            bool(bots),
        ),
        Stage(
            _("Make a flow"),
            _("Start from a ready sale: welcome, choice, e-mail, PIX, access."),
            "workflow",
            reverse("flow_new"),
            _("Make a flow"),
            flow is not None,
        ),
        Stage(
            _("Try it and publish"),
            _("Talk to it in the test chat, pay with pretend money, then publish."),
            "upload",
            flow_url,
            _("Open the flow"),
            published,
        ),
        Stage(
            _("Switch it on"),
            _("Choose it as the bot's active flow."),
            "play",
            reverse("bot_settings", args=[bots[0].pk]) if bots else reverse("bot_list"),
            _("Open the bot"),
            live,
        ),
    ]
    upcoming = next((place for place, stage in enumerate(stages) if not stage.is_done), None)
    return [
        Stage(stage.title, stage.text, stage.icon, stage.url, stage.action, stage.is_done, place == upcoming)
        for place, stage in enumerate(stages)
    ]
