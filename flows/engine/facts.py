"""The variables a text may use: built-ins (SPEC 1.3), the contact's, the run's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.engine.pricing import format_amount, format_price
from flows.engine.state import PaymentVisit, State

_OF_PAYMENT: Final = (
    "payment.amount",
    "payment.price",
    "payment.description",
    "payment.deadline",
    "payment.status",
    "payment.coupon",
    "payment.discount",
)


def all_variables(state: State, now: datetime) -> Mapping[str, object]:
    """Everything by name. The contact's have `contact.` before them; a built-in wins over what bears its name."""
    facts = state.facts
    return {
        **{f"contact.{name}": value for name, value in facts.contact.variables.items()},
        **state.variables,
        "first_name": facts.contact.first_name,
        "last_name": facts.contact.last_name,
        "username": facts.contact.username,
        "chat_id": str(facts.contact.chat_id),
        "bot_username": facts.bot.username,
        "bot_name": facts.bot.name,
        "organization_name": facts.bot.organization_name,
        "support_contact": facts.bot.support_contact,
        "start_payload": state.start_payload,
        "last_input": state.last_input,
        "now": _clock(now, facts.time_zone),
        **_payment_variables(state),
    }


def _payment_variables(state: State) -> Mapping[str, object]:
    visit = last_visit(state)
    if visit is None:
        return dict.fromkeys(_OF_PAYMENT, "")
    return {
        "payment.amount": format_amount(visit.amount_minor, visit.currency, state.facts.locale),
        "payment.price": format_price(visit.amount_minor, visit.currency, state.facts.locale),
        "payment.description": visit.description,
        "payment.deadline": _clock(visit.expires_at, state.facts.time_zone) if visit.expires_at else "",
        "payment.status": str(visit.status),
        "payment.coupon": visit.coupon,
        "payment.discount": format_price(visit.discount_minor, visit.currency, state.facts.locale)
        if visit.discount_minor
        else "",
    }


def _clock(moment: datetime, zone: str) -> str:
    return local_time(moment, zone).strftime("%d/%m/%Y %H:%M")


def last_visit(state: State) -> PaymentVisit | None:
    """The payment visit that texts speak of: the last one entered, or whose paid exit was taken."""
    return state.visits.get(state.current_visit) if state.current_visit is not None else None


def local_time(now: datetime, name: str) -> datetime:
    """`now` on the organization's clock."""
    return now.astimezone(time_zone(name))


@lru_cache(maxsize=256)
def time_zone(name: str) -> tzinfo:
    """The zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
