"""The built-in texts of a bot as a page shows them: ours, its own, and how they look in the chat."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from bots.errors import Text
from bots.models import Bot
from flows.engine.expressions import escape_html, escape_nothing, render
from flows.engine.facts import all_variables
from flows.engine.state import BotFacts, ContactFacts, Facts, new_state
from flows.engine.text_rules import RULES
from flows.engine.texts import LANGUAGES, BuiltinText, builtin_text, edits_in
from flows.web.telegram_html import safe_html
from flows.web.text_names import LANGUAGE_NAMES, NAMES, PLACES, TOPICS

_NOBODY = UUID(int=0)
_SAMPLE_CHARGE = {"payment.amount": "29.90", "payment.price": "R$ 29,90", "payment.status": "pending"}


@dataclass(frozen=True, slots=True)
class Wording:
    """One language of a text: what the bot says, what it would say without its own words, and a look at it."""

    language: str
    label: Text
    own: str
    default: str
    preview: SafeString
    error: str = ""

    @property
    def rows(self) -> int:
        return 2 if len(self.default) < 90 else 6


@dataclass(frozen=True, slots=True)
class Card:
    """One built-in text."""

    code: BuiltinText
    name: Text
    place: Text
    limit: int
    placeholders: tuple[str, ...]
    wordings: tuple[Wording, ...]
    is_open: bool = False

    @property
    def is_edited(self) -> bool:
        return any(wording.own for wording in self.wordings)


@dataclass(frozen=True, slots=True)
class Group:
    """The texts about one thing."""

    name: Text
    icon: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody has just written for one text, not kept yet, and what is wrong with it by language."""

    code: BuiltinText
    wordings: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)


def text_groups(bot: Bot, *, first_name: str, written: Written | None = None) -> list[Group]:
    """Every built-in text, by what it is about."""
    cards = {code: _card(bot, code, first_name, written) for code in NAMES}
    return [
        Group(name, icon, tuple(card for code, card in cards.items() if RULES[code].topic is topic))
        for topic, (name, icon) in TOPICS.items()
    ]


def _card(bot: Bot, code: BuiltinText, first_name: str, written: Written | None) -> Card:
    rule = RULES[code]
    mine = written if written is not None and written.code is code else None
    return Card(
        code=code,
        name=NAMES[code],
        place=PLACES[rule.place],
        limit=rule.limit,
        placeholders=tuple(f"{{{{{name}}}}}" for name in sorted(rule.variables)),
        wordings=tuple(_wordings(bot, code, first_name, mine)),
        is_open=mine is not None,
    )


def _wordings(bot: Bot, code: BuiltinText, first_name: str, written: Written | None) -> Iterator[Wording]:
    for language in LANGUAGES:
        own = edits_in(bot.texts, language).get(code, "")
        if written is not None:
            own = written.wordings.get(language, "")
        default = builtin_text(code, locale=language)
        yield Wording(
            language=language,
            label=LANGUAGE_NAMES[language],
            own=own,
            default=default,
            preview=_preview(bot, code, own.strip() or default, first_name, language),
            error=written.errors.get(language, "") if written is not None else "",
        )


def _preview(bot: Bot, code: BuiltinText, text: str, first_name: str, language: str) -> SafeString:
    """The text as somebody would read it."""
    support = bot.support_contact or builtin_text(
        BuiltinText.SUPPORT_HERE, locale=language, edits=edits_in(bot.texts, language)
    )
    facts = Facts(
        contact=ContactFacts(chat_id=1, first_name=first_name),
        bot=BotFacts(bot.name, bot.username, bot.organization.name, support),
        locale=language,
    )
    now = timezone.now()
    nobody = new_state(run_id=_NOBODY, version_id=_NOBODY, facts=facts, seed=0, now=now)
    variables = {**all_variables(nobody, now), **_SAMPLE_CHARGE}
    if RULES[code].is_html:
        return safe_html(render(text, variables, escape_html).text)
    return escape(render(text, variables, escape_nothing).text)
