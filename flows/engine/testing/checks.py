"""What is expected of a played conversation, held against what came."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from flows.engine.events import NEW_CODE_BUTTON, PAID_BUTTON
from flows.engine.facts import all_variables
from flows.engine.pricing import format_price, parse_amount
from flows.engine.state import Status
from flows.engine.testing.books import Charge
from flows.engine.testing.chat import PlayedChat, Spoken
from flows.engine.testing.document import (
    Ends,
    Expectation,
    ExpectAttention,
    ExpectCharge,
    ExpectNoReply,
    ExpectNotice,
    ExpectReplies,
    ExpectState,
    ExpectStep,
    ExpectTags,
    ExpectVariables,
    Reply,
)
from flows.engine.testing.reading import plain_text, squeezed
from flows.engine.testing.words import Word, state_in_words, words

_SHOWN: Final = 200
_CHARGE_BUTTONS: Final = (PAID_BUTTON, NEW_CODE_BUTTON)


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected and what came, in words."""

    expected: str
    came: str


def check(chat: PlayedChat, item: Expectation, locale: str) -> Difference | None:
    """The first thing that is not as expected."""
    match item:
        case ExpectReplies():
            return _replies(chat, item, locale)
        case ExpectNoReply():
            came = chat.brought.replies
            return Difference(words(Word.NO_REPLY, locale), _shown(came, locale)) if came else None
        case ExpectNotice():
            return _notice(chat, item, locale)
        case ExpectVariables():
            return _variables(chat, item, locale)
        case ExpectTags():
            return _tags(chat, item, locale)
        case ExpectStep(step=step):
            return _step(chat, step, locale)
        case ExpectState(state=state):
            came_state = state_of(chat)
            if came_state is state:
                return None
            return Difference(
                words(Word.STATE, locale, state=state_in_words(state.value, locale)),
                words(Word.STATE, locale, state=state_in_words(came_state.value, locale)),
            )
        case ExpectCharge():
            return _charge(chat, item, locale)
        case ExpectAttention(reason=reason):
            if chat.brought.attention if reason is None else reason in chat.brought.attention:
                return None
            came_words = ", ".join(chat.brought.attention) or words(Word.NOTHING, locale)
            return Difference(words(Word.ATTENTION, locale, reason=reason or "…"), came_words)
        case _:
            assert_never(item)


def state_of(chat: PlayedChat) -> Ends:
    """Where the conversation stands: its run on top, else the last one."""
    run = chat.newest
    if run is None:
        return Ends.NONE
    match run.state.status:
        case Status.WAITING | Status.NEW:
            return Ends.WAITING
        case Status.ENDED:
            return Ends.ENDED
        case Status.FAILED | Status.LOST:
            return Ends.FAILED
        case other:
            assert_never(other)


def _replies(chat: PlayedChat, item: ExpectReplies, locale: str) -> Difference | None:
    came = list(chat.brought.replies)
    for expected in item.replies:
        if item.others:
            while came and _misfit(chat, expected, came[0], locale):
                came.pop(0)
        if not came:
            return Difference(_wanted(expected, locale), _shown(chat.brought.replies, locale))
        difference = _misfit(chat, expected, came.pop(0), locale)
        if difference is not None:
            return difference
    if came and not item.others:
        return Difference(words(Word.ONE_MORE_REPLY, locale), _shown(came, locale))
    return None


def _misfit(chat: PlayedChat, expected: Reply, came: Spoken, locale: str) -> Difference | None:
    message, text = came.message, plain_text(came.message)
    if expected.text is not None and squeezed(text) != squeezed(expected.text):
        return Difference(words(Word.A_REPLY, locale, text=expected.text), words(Word.A_REPLY, locale, text=text))
    if expected.contains is not None and squeezed(expected.contains) not in squeezed(text):
        wanted = words(Word.CONTAINING, locale, text=expected.contains)
        return Difference(wanted, words(Word.A_REPLY, locale, text=text))
    buttons = tuple(button.text for row in message.buttons for button in row)
    if expected.buttons is not None and buttons != expected.buttons:
        return Difference(_with_buttons(text, expected.buttons, locale), _with_buttons(text, buttons, locale))
    media = message.media.type.value if message.media else ""
    if expected.media is not None and media != expected.media:
        wanted = words(Word.WITH_MEDIA, locale, text=text, media=expected.media)
        return Difference(wanted, words(Word.WITH_MEDIA, locale, text=text, media=media or "–"))
    if expected.amount is not None:
        return _carries_charge(chat, expected.amount, came, locale)
    return None


def _carries_charge(chat: PlayedChat, amount: str, came: Spoken, locale: str) -> Difference | None:
    wanted = words(Word.WITH_CHARGE, locale, amount=amount)
    charge = charge_in(chat, came)
    if charge is None:
        return Difference(wanted, words(Word.NO_CHARGE, locale, text=plain_text(came.message)))
    if parse_amount(amount, charge.currency) == charge.amount_minor:
        return None
    return Difference(wanted, words(Word.WITH_CHARGE, locale, amount=_price(charge, locale)))


def charge_in(chat: PlayedChat, spoken: Spoken) -> Charge | None:
    """The charge whose code a message carries, drawn or to copy, or whose buttons stand under it."""
    message = spoken.message
    copied = {button.copy_text for row in message.buttons for button in row if button.copy_text}
    codes = copied | ({message.qr} if message.qr else set())
    for charge in reversed(chat.books.charges):
        if charge.br_code in codes:
            return charge
    has_button = any(button.ref and button.ref.index in _CHARGE_BUTTONS for row in message.buttons for button in row)
    return chat.books.charges[-1] if has_button and chat.books.charges else None


def _notice(chat: PlayedChat, item: ExpectNotice, locale: str) -> Difference | None:
    came = chat.brought.notices
    if item.text is not None:
        fits = any(squeezed(one) == squeezed(item.text) for one in came)
    elif item.contains is not None:
        fits = any(squeezed(item.contains) in squeezed(one) for one in came)
    else:
        fits = bool(came)
    if fits:
        return None
    wanted = words(Word.NOTICE, locale, text=item.text or item.contains or "…")
    return Difference(wanted, " · ".join(came) or words(Word.NOTHING, locale))


def _variables(chat: PlayedChat, item: ExpectVariables, locale: str) -> Difference | None:
    run = chat.newest
    known = all_variables(run.state, chat.now) if run else chat.facts.contact.variables
    for name, expected in item.variables.items():
        came = known.get(name)
        if came != expected or isinstance(came, bool) != isinstance(expected, bool):
            return Difference(
                words(Word.VARIABLE, locale, name=name, value=_json(expected)),
                words(Word.VARIABLE, locale, name=name, value=_json(came)),
            )
    return None


def _tags(chat: PlayedChat, item: ExpectTags, locale: str) -> Difference | None:
    tags = chat.facts.contact.tags
    came = ", ".join(tags) or words(Word.NOTHING, locale)
    missing = next((tag for tag in item.has if tag not in tags), None)
    if missing is not None:
        return Difference(words(Word.TAG, locale, name=missing), came)
    present = next((tag for tag in item.lacks if tag in tags), None)
    return Difference(words(Word.NO_TAG, locale, name=present), came) if present is not None else None


def _step(chat: PlayedChat, step: str, locale: str) -> Difference | None:
    run = chat.newest
    waits = run is not None and run.state.status is Status.WAITING
    if run is not None and waits and run.state.step_id == step:
        return None
    if run is not None and waits:
        came = words(Word.STEP, locale, name=run.state.step_id or "")
    else:
        came = words(Word.STATE, locale, state=state_in_words(state_of(chat).value, locale))
    return Difference(words(Word.STEP, locale, name=step), came)


def _charge(chat: PlayedChat, item: ExpectCharge, locale: str) -> Difference | None:
    charges = chat.books.charges
    if item.count is not None and len(charges) != item.count:
        return Difference(
            words(Word.CHARGES, locale, count=str(item.count)), words(Word.CHARGES, locale, count=str(len(charges)))
        )
    if item.amount is None and item.status is None:
        return None if charges or item.count == 0 else _no_charge(locale)
    if not charges:
        return _no_charge(locale)
    last = charges[-1]
    if item.amount is not None and parse_amount(item.amount, last.currency) != last.amount_minor:
        return Difference(item.amount, _price(last, locale))
    if item.status is not None and item.status != last.status.value:
        return Difference(item.status, last.status.value)
    return None


def _no_charge(locale: str) -> Difference:
    return Difference(words(Word.A_CHARGE, locale), words(Word.NOTHING, locale))


def _price(charge: Charge, locale: str) -> str:
    return format_price(charge.amount_minor, charge.currency, locale)


def _wanted(expected: Reply, locale: str) -> str:
    if expected.text is not None:
        return words(Word.A_REPLY, locale, text=expected.text)
    if expected.contains is not None:
        return words(Word.CONTAINING, locale, text=expected.contains)
    if expected.amount is not None:
        return words(Word.WITH_CHARGE, locale, amount=expected.amount)
    return _with_buttons("…", expected.buttons or (), locale)


def _with_buttons(text: str, buttons: Sequence[str], locale: str) -> str:
    if not buttons:
        return words(Word.WITHOUT_BUTTONS, locale, text=_cut(text))
    return words(Word.WITH_BUTTONS, locale, text=_cut(text), buttons=", ".join(f"“{one}”" for one in buttons))


def _shown(messages: Sequence[Spoken], locale: str) -> str:
    if not messages:
        return words(Word.NO_REPLY, locale)
    return " · ".join(words(Word.A_REPLY, locale, text=_cut(plain_text(one.message))) for one in messages)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _json(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))
