"""What the bot itself answers to a command, and how it gives back what a person bought: beside any run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from pydantic import ValidationError

from flows.engine.commands import BuiltinCommand
from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.content import AccessContent
from flows.engine.effects import AttentionReason, Effect, RaiseAttention, RecallAccess, Say
from flows.engine.events import AccessRecalled, MoneyTold, MoneyWord
from flows.engine.notices import builtin_notice, renewal_notice, sum_of_money
from flows.engine.speech import content_messages
from flows.engine.state import Facts, State, new_state
from flows.engine.texts import BuiltinText, builtin_text
from flows.engine.walk import Walk

_NOBODY: Final = UUID(int=0)
_NO_FLOW: Final = compile_flow(_NOBODY, {}, kind=VersionKind.WELCOME)

# The run that gave an access, for the variables in its texts; None where this conversation has no such run.
RunOf = Callable[[UUID], tuple[Flow, State] | None]


def command_effects(command: BuiltinCommand, facts: Facts, now: datetime) -> tuple[Effect, ...]:
    """What a command of every bot asks for. No run moves, none says its step again."""
    match command:
        case BuiltinCommand.PRIVACY:
            return (Say(builtin_notice(BuiltinText.PRIVACY, facts, now)),)
        case BuiltinCommand.TERMS:
            return (Say(builtin_notice(BuiltinText.TERMS, facts, now)),)
        case BuiltinCommand.PAYSUPPORT:
            said = builtin_notice(BuiltinText.PAYSUPPORT, _with_support(facts), now)
            return (Say(said), RaiseAttention(AttentionReason.PAYMENT_SUPPORT))
        case BuiltinCommand.ACCESS:
            return (RecallAccess(),)
        case _:
            assert_never(command)


_MONEY_TEXTS: Final[Mapping[MoneyWord, BuiltinText]] = {
    MoneyWord.ACCESS_REFUNDED: BuiltinText.ACCESS_REFUNDED,
    MoneyWord.ACCESS_DISPUTED: BuiltinText.ACCESS_DISPUTED,
    MoneyWord.ACCESS_RETURNED: BuiltinText.ACCESS_RETURNED,
    MoneyWord.ACCESS_ENDS_IN_DAYS: BuiltinText.ACCESS_ENDS_IN_DAYS,
    MoneyWord.ACCESS_ENDS_TOMORROW: BuiltinText.ACCESS_ENDS_TOMORROW,
    MoneyWord.ACCESS_ENDED: BuiltinText.ACCESS_ENDED,
    MoneyWord.ACCESS_CLOSED: BuiltinText.ACCESS_CLOSED,
    MoneyWord.ACCESS_WAITS: BuiltinText.ACCESS_WAITS,
    MoneyWord.GIVEN_BACK: BuiltinText.MONEY_GIVEN_BACK,
    MoneyWord.CREDITED: BuiltinText.MONEY_CREDITED,
    MoneyWord.UNUSUAL: BuiltinText.MONEY_UNUSUAL,
}
# Said with the button that begins the sale anew.
_TO_RENEW: Final = frozenset({MoneyWord.ACCESS_ENDS_IN_DAYS, MoneyWord.ACCESS_ENDS_TOMORROW, MoneyWord.ACCESS_ENDED})
_FOR_THE_TEAM: Final = frozenset({MoneyWord.ACCESS_DISPUTED, MoneyWord.CREDITED, MoneyWord.UNUSUAL, MoneyWord.SERVED})


def money_effects(event: MoneyTold, facts: Facts, now: datetime) -> Iterator[Effect]:
    """Says what became of money or access, beside whatever run there is; the team looks where it has a part in it."""
    text = _MONEY_TEXTS.get(event.word)
    if text is not None:
        to_renew = event.word in _TO_RENEW
        said = builtin_notice(text, facts, now, sum_of_money(event.amount_minor, event.currency, facts))
        yield Say(renewal_notice(text, facts, now) if to_renew else said)
    if event.word in _FOR_THE_TEAM:
        yield RaiseAttention(AttentionReason.MONEY_UNUSUAL)


def recall_effects(event: AccessRecalled, facts: Facts, now: datetime, run_of: RunOf) -> Iterator[Effect]:
    """Says every access again. The links to groups and channels are made anew, and follow by themselves."""
    if not event.accesses:
        yield Say(builtin_notice(BuiltinText.ACCESS_NONE, _with_support(facts), now))
        return
    yield Say(builtin_notice(BuiltinText.ACCESS_FOUND, facts, now))
    link_follows = False
    for access in event.accesses:
        content = _read(access.content)
        run = run_of(access.run_id)
        messages = content_messages(_walk(run, facts, now), _sendable(content, given_here=run is not None))
        yield from map(Say, messages)
        link_follows = link_follows or content.chat is not None
    if link_follows:
        yield Say(builtin_notice(BuiltinText.ACCESS_LINK_FOLLOWS, facts, now))


def _with_support(facts: Facts) -> Facts:
    """Without a contact of its own, support is the conversation itself."""
    if facts.bot.support_contact:
        return facts
    here = builtin_text(BuiltinText.SUPPORT_HERE, locale=facts.locale, edits=facts.texts)
    return replace(facts, bot=replace(facts.bot, support_contact=here))


def _walk(run: tuple[Flow, State] | None, facts: Facts, now: datetime) -> Walk:
    if run is not None:
        return Walk(run[0], run[1].with_facts(facts), now)
    return Walk(_NO_FLOW, new_state(run_id=_NOBODY, version_id=_NOBODY, facts=facts, seed=0, now=now), now)


def _read(content: Mapping[str, object]) -> AccessContent:
    """What was kept, or nothing of it where it cannot be read any more."""
    try:
        return AccessContent.model_validate(content)
    except ValidationError:
        return AccessContent()


def _sendable(content: AccessContent, *, given_here: bool) -> AccessContent:
    # Telegram's file ids are of one bot only.
    if content.media is not None and content.media.file_id is not None and not given_here:
        return content.model_copy(update={"media": None})
    return content
