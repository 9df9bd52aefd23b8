"""What is said where no run says it: built-in messages for the runner, in the bot's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from flows.engine.effects import OutButton, OutMessage, ParseMode
from flows.engine.expressions import escape_html, escape_nothing, render
from flows.engine.facts import all_variables
from flows.engine.pricing import format_amount, format_price
from flows.engine.speech import link_message
from flows.engine.state import Facts, new_state
from flows.engine.texts import BuiltinText, builtin_text

_NOBODY: Final = UUID(int=0)


def welcome_notice(facts: Facts, welcome_message: str, now: datetime) -> OutMessage:
    """The bot's welcome with *Começar*: for text without an active run, and where a lost run cannot restart."""
    text = welcome_message if welcome_message.strip() else _builtin(BuiltinText.DEFAULT_WELCOME, facts)
    begin = OutButton(_builtin(BuiltinText.BEGIN, facts), begin=True)
    return OutMessage(_rendered(text, facts, now), ParseMode.HTML, buttons=((begin,),))


def failure_notice(facts: Facts, now: datetime) -> OutMessage:
    """For an event that was set aside."""
    return builtin_notice(BuiltinText.FAILURE, facts, now)


def builtin_notice(
    code: BuiltinText, facts: Facts, now: datetime, more: Mapping[str, object] = MappingProxyType({})
) -> OutMessage:
    """A built-in text as a message of its own; `more` is what this notice alone knows."""
    return OutMessage(_rendered(_builtin(code, facts), facts, now, more), ParseMode.HTML)


def sum_of_money(minor: int, currency: str, facts: Facts) -> Mapping[str, object]:
    """A sum as the texts of a charge name theirs; nothing where there is none."""
    if not minor:
        return {}
    return {
        "payment.amount": format_amount(minor, currency, facts.locale),
        "payment.price": format_price(minor, currency, facts.locale),
    }


def renewal_notice(code: BuiltinText, facts: Facts, now: datetime) -> OutMessage:
    """A built-in text with the button that begins what the bot sells."""
    renew = OutButton(_builtin(BuiltinText.ACCESS_RENEW_BUTTON, facts), begin=True)
    return OutMessage(_rendered(_builtin(code, facts), facts, now), ParseMode.HTML, buttons=((renew,),))


def link_notice(facts: Facts, link: str, now: datetime) -> OutMessage:
    """The way into a chat, where the run that asked for it is gone."""
    text = _rendered(_builtin(BuiltinText.ACCESS_CHAT, facts), facts, now)
    return link_message(text, _builtin(BuiltinText.ACCESS_CHAT_BUTTON, facts), link)


def stale_notice(facts: Facts) -> str:
    """The answer to a press that no run takes."""
    return render(_builtin(BuiltinText.STALE_PRESS, facts), {}, escape_nothing).text


def _builtin(code: BuiltinText, facts: Facts) -> str:
    return builtin_text(code, locale=facts.locale, edits=facts.texts)


def _rendered(text: str, facts: Facts, now: datetime, more: Mapping[str, object] = MappingProxyType({})) -> str:
    nobody = new_state(run_id=_NOBODY, version_id=_NOBODY, facts=facts, seed=0, now=now)
    return render(text, {**all_variables(nobody, now), **more}, escape_html).text
