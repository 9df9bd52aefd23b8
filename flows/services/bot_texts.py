"""A bot's own wordings of built-in texts: checked, kept by code and language."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid, Text
from bots.storable import clean_text
from flows.engine.text_rules import TextFault, faults_of
from flows.engine.texts import LANGUAGES, BuiltinText

_SAYINGS: Final[Mapping[TextFault, Text]] = {
    TextFault.TOO_LONG: _("The text is too long: up to %(what)s characters fit here."),
    TextFault.UNKNOWN_VARIABLE: _("{{%(what)s}} is not known in this text."),
    TextFault.BROKEN_PLACEHOLDER: _("“%(what)s” is not a variable: it would be sent as it is."),
    TextFault.BAD_MARKUP: _("Telegram does not take “%(what)s”: close each tag, and write &lt; for <."),
}


def merged_texts(present: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The bot's wordings after the changes: `{code: {language: text}}`. A blank text or None goes back to ours; what is
    not named stays.

    Raises Invalid for an unknown code or language, and for a wording that cannot be used; nothing is written here.
    """
    kept = {code: dict(wordings) for code, wordings in _by_language(present).items()}
    for code, wordings in changes.items():
        known = _known_code(code)
        if not isinstance(wordings, Mapping):
            raise Invalid(
                "text_languages", _("Give the text for each language: pt-br, en."), field=f"texts.{known.value}"
            )
        for language, wording in wordings.items():
            if language not in LANGUAGES:
                raise Invalid("text_language", _("There are texts in pt-br and en."), field=f"texts.{known.value}")
            checked = checked_wording(known, wording, field=f"texts.{known.value}.{language}")
            of_code = kept.setdefault(known.value, {})
            if checked:
                of_code[language] = checked
            else:
                of_code.pop(language, None)
    return {code: wordings for code, wordings in kept.items() if wordings}


def checked_wording(code: BuiltinText, wording: object, *, field: str) -> str:
    """The wording as it is kept; "" for none. Raises Invalid with the first thing that is wrong with it."""
    if wording is None:
        return ""
    if not isinstance(wording, str):
        raise Invalid("text_type", _("A text is a text."), field=field)
    clean = clean_text(wording).strip()
    for fault, what in faults_of(code, clean):
        raise Invalid(fault.value, _SAYINGS[fault] % {"what": what}, field=field)
    return clean


def _known_code(code: object) -> BuiltinText:
    try:
        return BuiltinText(str(code))
    except ValueError:
        raise Invalid("text_code", _("There is no such built-in text."), field="texts") from None


def _by_language(texts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is kept, with a text for every language written out for each."""
    return {
        code: dict(wordings) if isinstance(wordings, Mapping) else dict.fromkeys(LANGUAGES, wordings)
        for code, wordings in texts.items()
    }
