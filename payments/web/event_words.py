"""A line of a sale's ledger in plain words: what happened, who told it, how much, and why it matters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bots.errors import Text
from bots.web.looks import Look, Tone
from payments.domain.events import EventKind, EventSource
from payments.domain.money import Currency, Money, MoneyError
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.domain.states import Alarm, PaymentStatus
from payments.models import PaymentEvent, RefundState
from payments.web.failure_words import failure_in_words
from payments.web.looks import PAYMENT_STATUS, event_look
from payments.web.matter_words import CASES, policy_name

ALARMS: Mapping[Alarm, Text] = {
    Alarm.LATE: gettext_lazy("The money came after the code had ended."),
    Alarm.OVERPAID: gettext_lazy("More money came than was asked."),
    Alarm.AMOUNT_TOO_SMALL: gettext_lazy("Less money came than was asked."),
    Alarm.OTHER_CURRENCY: gettext_lazy("The money came in another currency, so nothing was given for it."),
    Alarm.REFUNDED_UNSEEN: gettext_lazy("It was paid and given back before we heard of it."),
    Alarm.DISPUTED: gettext_lazy("The buyer disputes the payment at the bank."),
    Alarm.BACKWARDS: gettext_lazy(
        "The gateway told something that cannot follow what it told before. Nothing changed."
    ),
    Alarm.CONTRADICTION: gettext_lazy("What the gateway told does not fit this charge. Nothing changed."),
    Alarm.REFUND_FAILED: gettext_lazy("The money is still with you. Try again, or send it by bank."),
}
REFUND_STEPS: Mapping[str, Look] = {
    RefundState.ASKED: Look("undo-2", gettext_lazy("Refund asked for")),
    RefundState.BY_HAND: Look("undo-2", gettext_lazy("Refund to be sent by bank"), Tone.NEEDS),
    RefundState.DONE: Look("undo-2", gettext_lazy("Refund sent"), Tone.GO),
    RefundState.FAILED: Look("circle-x", gettext_lazy("Refund not made"), Tone.BROKEN),
    RefundState.CANCELED: Look("ban", gettext_lazy("Refund canceled")),
}
SOURCES: Mapping[EventSource, Text] = {
    EventSource.CREATE: gettext_lazy("When the charge was made"),
    EventSource.WEBHOOK: gettext_lazy("Told by the gateway"),
    EventSource.POLL: gettext_lazy("We asked the gateway"),
    EventSource.PRESS: gettext_lazy("The buyer pressed “I have paid”"),
    EventSource.EXPIRY: gettext_lazy("The time ran out"),
    EventSource.ADMIN: gettext_lazy("Trilho's staff"),
    EventSource.OPERATOR: gettext_lazy("Your team"),
}
_WITH_AMOUNT = frozenset({EventKind.CREATED, EventKind.FEE, EventKind.REFUND, EventKind.DECIDED, EventKind.FLAGGED})


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line as the page shows it."""

    look: Look
    source: Text
    notes: tuple[Text, ...]
    money: Money | None
    at: datetime


def ledger_row(event: PaymentEvent) -> LedgerRow:
    """Never fails, whatever an old line holds."""
    return LedgerRow(_look(event), SOURCES[event.told_by], tuple(_notes(event)), _money(event), event.created_at)


def alarm_in_words(event: PaymentEvent) -> Text:
    """Why somebody should look at it."""
    return ALARMS[Alarm(event.alarm)] if event.alarm in set(Alarm) else _("The gateway told something unusual.")


def _look(event: PaymentEvent) -> Look:
    if event.kind == EventKind.REFUND:
        return REFUND_STEPS.get(event.key.rpartition(":")[2], event_look(event))
    if event.kind == EventKind.DECIDED and (judged := _judged(event)):
        return CASES[judged[0]]
    return event_look(event)


def _notes(event: PaymentEvent) -> Iterator[Text]:
    if event.alarm:
        yield alarm_in_words(event)
    match EventKind(event.kind):
        case EventKind.DECIDED:
            yield from _decision(event)
        case EventKind.REFUSED:
            yield from _refused(event.note)
        case EventKind.CREATION_FAILED:
            yield failure_in_words(event.note)
        case EventKind.REFUND if event.alarm:
            yield failure_in_words(event.note)
        case EventKind.REFUND if event.note:
            yield event.note
        case _:
            return


def _judged(event: PaymentEvent) -> tuple[MoneyCase, MoneyPolicy] | None:
    case, _colon, policy = event.note.partition(": ")
    known = case in set(MoneyCase) and policy in set(MoneyPolicy)
    return (MoneyCase(case), MoneyPolicy(policy)) if known else None


def _decision(event: PaymentEvent) -> Iterator[Text]:
    judged = _judged(event)
    if judged is None:
        return
    if judged[1] is MoneyPolicy.ASK_ME:
        yield _("Your rules leave it to your team.")
        return
    words = _("%(choice)s, decided by your team") if event.key.endswith(":decided") else _("%(choice)s, by your rules")
    yield words % {"choice": policy_name(*judged)}


def _refused(note: str) -> Iterator[Text]:
    status, _colon, sum_told = note.partition(": ")
    if status in set(PaymentStatus):
        yield _("It said: %(what)s") % {
            "what": " · ".join(filter(None, (str(PAYMENT_STATUS[status].label), _shown(sum_told))))
        }


def _shown(written: str) -> str:
    """`"1.00 BRL"` as people read it; nothing for what is no amount."""
    number, _space, currency = written.partition(" ")
    try:
        return Money.parse(number, Currency(currency)).display(get_language() or "pt-br")
    except (MoneyError, ValueError):
        return ""


def _money(event: PaymentEvent) -> Money | None:
    shown = event.kind in _WITH_AMOUNT or event.to_status in (
        PaymentStatus.PAID,
        PaymentStatus.REFUNDED,
        PaymentStatus.PARTIALLY_REFUNDED,
    )
    if not shown or event.amount_minor <= 0:
        return None
    return Money(event.amount_minor, Currency(event.currency))
