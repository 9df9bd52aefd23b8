"""Where each built-in text is said, and what may stand in a bot's own wording of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flows.engine import limits
from flows.engine.expressions import BUILTIN_VARIABLES, broken_placeholders_in, variables_in, without_placeholders
from flows.engine.texts import BuiltinText


class Place(StrEnum):
    """Where a text is read, which decides how long it may be and whether it has markup."""

    MESSAGE = "message"
    CAPTION = "caption"
    BUTTON = "button"
    NOTICE = "notice"
    NAME = "name"
    MENU = "menu"


class Topic(StrEnum):
    """What a text is about: how a list of them is divided."""

    WELCOME = "welcome"
    PAYMENT = "payment"
    BUTTONS = "buttons"
    ACCESS = "access"
    COMMANDS = "commands"
    TROUBLE = "trouble"


class TextFault(StrEnum):
    """Why a wording cannot be used."""

    TOO_LONG = "text_too_long"
    UNKNOWN_VARIABLE = "text_unknown_variable"
    BROKEN_PLACEHOLDER = "text_broken_placeholder"
    BAD_MARKUP = "text_bad_markup"


@dataclass(frozen=True, slots=True)
class TextRule:
    """`variables` are those that mean something where the text is said."""

    topic: Topic
    place: Place
    limit: int
    variables: frozenset[str]

    @property
    def is_html(self) -> bool:
        return self.place in (Place.MESSAGE, Place.CAPTION)


_LIMITS: Final[Mapping[Place, int]] = {
    Place.MESSAGE: limits.TELEGRAM_TEXT,
    Place.CAPTION: limits.TELEGRAM_CAPTION,
    # Telegram sets no limit, but cuts what does not fit on a telephone.
    Place.BUTTON: 64,
    Place.NOTICE: limits.TELEGRAM_CALLBACK_ANSWER,
    Place.NAME: 140,
    Place.MENU: limits.TELEGRAM_COMMAND_DESCRIPTION,
}
_WORDLESS: Final[frozenset[str]] = frozenset()
# Said on a notice or before any charge, these would be empty.
_OF_A_CHARGE: Final = frozenset(name for name in BUILTIN_VARIABLES if name.startswith("payment."))


def _rule(topic: Topic, place: Place, variables: frozenset[str] = BUILTIN_VARIABLES - _OF_A_CHARGE) -> TextRule:
    return TextRule(topic, place, _LIMITS[place], variables)


_WITH_A_SUM: Final = (BUILTIN_VARIABLES - _OF_A_CHARGE) | {"payment.amount", "payment.price"}


def _charge(place: Place) -> TextRule:
    return _rule(Topic.PAYMENT, place, BUILTIN_VARIABLES)


RULES: Final[Mapping[BuiltinText, TextRule]] = {
    BuiltinText.DEFAULT_WELCOME: _rule(Topic.WELCOME, Place.MESSAGE),
    BuiltinText.BEGIN: _rule(Topic.WELCOME, Place.BUTTON),
    BuiltinText.PAY: _charge(Place.CAPTION),
    BuiltinText.PAY_BY_PAGE: _charge(Place.CAPTION),
    BuiltinText.PAY_UNTIL: _charge(Place.CAPTION),
    BuiltinText.PAY_CODE: _charge(Place.MESSAGE),
    BuiltinText.PAY_PAGE: _charge(Place.MESSAGE),
    BuiltinText.PAY_REMINDER: _charge(Place.MESSAGE),
    BuiltinText.PAID_BUTTON: _rule(Topic.PAYMENT, Place.BUTTON),
    BuiltinText.COPY_BUTTON: _rule(Topic.PAYMENT, Place.BUTTON),
    BuiltinText.PAGE_BUTTON: _rule(Topic.PAYMENT, Place.BUTTON),
    BuiltinText.NEW_CODE_BUTTON: _rule(Topic.PAYMENT, Place.BUTTON),
    BuiltinText.CHECKING: _rule(Topic.PAYMENT, Place.NOTICE),
    BuiltinText.RENEWING: _rule(Topic.PAYMENT, Place.NOTICE),
    BuiltinText.ALREADY_PAID: _rule(Topic.PAYMENT, Place.NOTICE),
    BuiltinText.NOT_SEEN: _charge(Place.MESSAGE),
    BuiltinText.EXPIRED: _charge(Place.MESSAGE),
    BuiltinText.CHARGE_RETRYING: _charge(Place.MESSAGE),
    BuiltinText.CHARGE_FAILED: _charge(Place.MESSAGE),
    BuiltinText.PAID_THANKS: _charge(Place.MESSAGE),
    BuiltinText.COUPON_USED: _charge(Place.MESSAGE),
    BuiltinText.COUPON_UNKNOWN: _rule(Topic.PAYMENT, Place.MESSAGE),
    BuiltinText.COUPON_EXPIRED: _rule(Topic.PAYMENT, Place.MESSAGE),
    BuiltinText.COUPON_USED_UP: _rule(Topic.PAYMENT, Place.MESSAGE),
    BuiltinText.COUPON_DOES_NOT_FIT: _rule(Topic.PAYMENT, Place.MESSAGE),
    BuiltinText.DEFAULT_DESCRIPTION: _rule(Topic.PAYMENT, Place.NAME, _WORDLESS),
    BuiltinText.BUMP_YES: _rule(Topic.BUTTONS, Place.BUTTON),
    BuiltinText.BUMP_NO: _rule(Topic.BUTTONS, Place.BUTTON),
    BuiltinText.SHARE_CONTACT: _rule(Topic.BUTTONS, Place.BUTTON),
    BuiltinText.SHARE_LOCATION: _rule(Topic.BUTTONS, Place.BUTTON),
    BuiltinText.STALE_PRESS: _rule(Topic.BUTTONS, Place.NOTICE, _WORDLESS),
    BuiltinText.ALREADY_PRESSED: _rule(Topic.BUTTONS, Place.NOTICE),
    BuiltinText.ACCESS_LINK: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_CHAT: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_CHAT_BUTTON: _rule(Topic.ACCESS, Place.BUTTON, _WORDLESS),
    BuiltinText.ACCESS_LINK_FOLLOWS: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_FOUND: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_NONE: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_ENDS_IN_DAYS: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_ENDS_TOMORROW: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_ENDED: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_CLOSED: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_WAITS: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_RENEW_BUTTON: _rule(Topic.ACCESS, Place.BUTTON, _WORDLESS),
    BuiltinText.ACCESS_REFUNDED: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_DISPUTED: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.ACCESS_RETURNED: _rule(Topic.ACCESS, Place.MESSAGE),
    BuiltinText.MONEY_GIVEN_BACK: _rule(Topic.PAYMENT, Place.MESSAGE, _WITH_A_SUM),
    BuiltinText.MONEY_CREDITED: _rule(Topic.PAYMENT, Place.MESSAGE),
    BuiltinText.MONEY_UNUSUAL: _rule(Topic.PAYMENT, Place.MESSAGE),
    BuiltinText.PRIVACY: _rule(Topic.COMMANDS, Place.MESSAGE),
    BuiltinText.TERMS: _rule(Topic.COMMANDS, Place.MESSAGE),
    BuiltinText.PAYSUPPORT: _rule(Topic.COMMANDS, Place.MESSAGE),
    # Stands in a variable itself, so none is read in it.
    BuiltinText.SUPPORT_HERE: _rule(Topic.COMMANDS, Place.NAME, _WORDLESS),
    BuiltinText.COMMAND_START: _rule(Topic.COMMANDS, Place.MENU, _WORDLESS),
    BuiltinText.COMMAND_ACCESS: _rule(Topic.COMMANDS, Place.MENU, _WORDLESS),
    BuiltinText.COMMAND_PAYSUPPORT: _rule(Topic.COMMANDS, Place.MENU, _WORDLESS),
    BuiltinText.COMMAND_TERMS: _rule(Topic.COMMANDS, Place.MENU, _WORDLESS),
    BuiltinText.COMMAND_PRIVACY: _rule(Topic.COMMANDS, Place.MENU, _WORDLESS),
    BuiltinText.FAILURE: _rule(Topic.TROUBLE, Place.MESSAGE),
    BuiltinText.LOOP: _rule(Topic.TROUBLE, Place.MESSAGE),
    BuiltinText.TOO_LONG: _rule(Topic.TROUBLE, Place.MESSAGE),
}
if set(RULES) != set(BuiltinText):
    raise RuntimeError("Every built-in text needs its rule.")

_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9-]*)(?:\s[^<>]*)?>")
# Bot API, "HTML style".
_TAGS: Final = frozenset(
    {
        "b", "strong", "i", "em", "u", "ins", "s", "strike", "del",
        "span", "tg-spoiler", "a", "tg-emoji", "code", "pre", "blockquote",
    }
)  # fmt: skip


def faults_of(code: BuiltinText, wording: str) -> Iterator[tuple[TextFault, str]]:
    """Everything that is wrong with a wording: the fault, and what of the text it is about (the limit, a name)."""
    rule = RULES[code]
    if _seen_length(wording, html_text=rule.is_html) > rule.limit:
        yield TextFault.TOO_LONG, str(rule.limit)
    for name in dict.fromkeys(variables_in(wording)):
        if name not in rule.variables:
            yield TextFault.UNKNOWN_VARIABLE, name
    for broken in broken_placeholders_in(wording):
        yield TextFault.BROKEN_PLACEHOLDER, broken
    if rule.is_html and (tag := _first_bad_tag(wording)) is not None:
        yield TextFault.BAD_MARKUP, tag


def _seen_length(wording: str, *, html_text: bool) -> int:
    text = without_placeholders(wording)
    if html_text:
        text = html.unescape(_TAG.sub("", text))
    return len(text.encode("utf-16-le", "replace")) // 2


def _first_bad_tag(wording: str) -> str | None:
    """The first tag that Telegram would refuse: unknown, or not closed in order; a bare `<` is one too."""
    open_tags: list[str] = []
    for found in _TAG.finditer(wording):
        closing, name = found.groups()
        if name not in _TAGS:
            return found.group(0)
        if not closing:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            return found.group(0)
    if open_tags:
        return f"<{open_tags[-1]}>"
    return "<" if "<" in _TAG.sub("", wording) else None
