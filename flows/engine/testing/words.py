"""The words of a report, in Portuguese and English."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from flows.engine.texts import ENGLISH


class Word(StrEnum):
    """What a difference may speak of."""

    NOTHING = "nothing"
    NO_REPLY = "no_reply"
    A_REPLY = "a_reply"
    ONE_MORE_REPLY = "one_more_reply"
    CONTAINING = "containing"
    WITH_BUTTONS = "with_buttons"
    WITHOUT_BUTTONS = "without_buttons"
    WITH_MEDIA = "with_media"
    WITH_CHARGE = "with_charge"
    NO_CHARGE = "no_charge"
    NOTICE = "notice"
    VARIABLE = "variable"
    TAG = "tag"
    NO_TAG = "no_tag"
    STEP = "step"
    STATE = "state"
    CHARGES = "charges"
    ATTENTION = "attention"
    BUTTON = "button"
    NO_BUTTONS = "no_buttons"
    PRESSABLE = "pressable"
    OPENS_PAGE = "opens_page"
    SOMETHING_DUE = "something_due"
    AT_REST = "at_rest"
    TOO_MUCH_DUE = "too_much_due"
    HTTP_CALL = "http_call"
    A_RUN = "a_run"
    A_CHARGE = "a_charge"
    UNANSWERED_CHARGE = "unanswered_charge"
    HAS_CODE = "has_code"
    CHARGE_FOR = "charge_for"


_WORDS: Final[Mapping[Word, tuple[str, str]]] = {
    Word.NOTHING: ("nada", "nothing"),
    Word.NO_REPLY: ("nenhuma resposta", "no reply"),
    Word.A_REPLY: ("“[text]”", "“[text]”"),
    Word.ONE_MORE_REPLY: ("nenhuma mensagem a mais", "no further message"),
    Word.CONTAINING: ("um texto com “[text]”", "a text with “[text]”"),
    Word.WITH_BUTTONS: ("“[text]” com os botões [buttons]", "“[text]” with the buttons [buttons]"),
    Word.WITHOUT_BUTTONS: ("“[text]” sem botões", "“[text]” without buttons"),
    Word.WITH_MEDIA: ("“[text]” com mídia: [media]", "“[text]” with media: [media]"),
    Word.WITH_CHARGE: ("o código de uma cobrança de [amount]", "the code of a charge of [amount]"),
    Word.NO_CHARGE: ("“[text]”, sem código de cobrança", "“[text]”, without the code of a charge"),
    Word.NOTICE: ("o aviso “[text]”", "the notice “[text]”"),
    Word.VARIABLE: ("[name] = [value]", "[name] = [value]"),
    Word.TAG: ("a etiqueta “[name]”", "the tag “[name]”"),
    Word.NO_TAG: ("sem a etiqueta “[name]”", "without the tag “[name]”"),
    Word.STEP: ("o passo “[name]”", "the step “[name]”"),
    Word.STATE: ("a conversa [state]", "the conversation [state]"),
    Word.CHARGES: ("[count] cobranças", "[count] charges"),
    Word.ATTENTION: ("um chamado para a equipe: [reason]", "a call for the team: [reason]"),
    Word.BUTTON: ("o botão “[text]”", "the button “[text]”"),
    Word.NO_BUTTONS: ("nenhum botão", "no buttons"),
    Word.PRESSABLE: ("um botão que se aperta: “[text]”", "a button to press: “[text]”"),
    Word.OPENS_PAGE: ("ele abre uma página ou copia", "it opens a page or copies"),
    Word.SOMETHING_DUE: ("algo que acontece com o tempo", "something that time brings"),
    Word.AT_REST: ("que a conversa chegasse a esperar", "the conversation to come to rest"),
    Word.TOO_MUCH_DUE: ("esperas curtas demais, sem fim", "waits too short, without end"),
    Word.HTTP_CALL: ("uma chamada a um endereço", "a call to an address"),
    Word.A_RUN: ("uma conversa começada", "a conversation that has begun"),
    Word.A_CHARGE: ("uma cobrança", "a charge"),
    Word.UNANSWERED_CHARGE: ("uma cobrança ainda sem código", "a charge still without a code"),
    Word.HAS_CODE: ("ela já tem código", "it has its code"),
    Word.CHARGE_FOR: ("uma cobrança que possa passar a “[outcome]”", "a charge that can become “[outcome]”"),
}
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": ("esperando", "waiting"),
    "ended": ("terminada", "ended"),
    "failed": ("parada por falha", "standing still by fault"),
    "none": ("ainda não começada", "not begun yet"),
}


def words(word: Word, locale: str, **values: str) -> str:
    """The words in the language asked for; Portuguese where there is no other."""
    text = _WORDS[word][_place(locale)]
    for name, value in values.items():
        text = text.replace(f"[{name}]", value)
    return text


def state_in_words(state: str, locale: str) -> str:
    return _STATES[state][_place(locale)]


def _place(locale: str) -> int:
    return int(locale.lower().startswith(ENGLISH))
