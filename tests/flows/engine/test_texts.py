"""Built-in texts: both languages, the bot's own wording, and what the runner says without a run."""

import pytest

from flows.engine.definition import StepType
from flows.engine.effects import OutButton
from flows.engine.notices import failure_notice, stale_notice, welcome_notice
from flows.engine.state import Facts
from flows.engine.steps.registry import BEHAVIOURS
from flows.engine.texts import BuiltinText, builtin_text
from tests.support.conversation import BEGINNING, FACTS


@pytest.mark.parametrize(
    ("code", "beginning"),
    [
        (BuiltinText.TOO_LONG, "⚠️ Fluxo muito longo detectado. Entre em contato com o suporte."),
        (BuiltinText.LOOP, "⚠️ Erro no fluxo detectado. Entre em contato com o suporte."),
        (
            BuiltinText.FAILURE,
            "⚠️ Erro ao processar fluxo. Tente novamente ou entre em contato com o suporte.",
        ),
        (BuiltinText.DEFAULT_WELCOME, "Olá! Bem-vindo!"),
        (BuiltinText.DEFAULT_DESCRIPTION, "Produto"),
    ],
)
def test_the_portuguese_texts_begin_as_specified(code: BuiltinText, beginning: str) -> None:
    assert builtin_text(code).startswith(beginning)


@pytest.mark.parametrize("code", BuiltinText)
def test_every_text_has_two_languages(code: BuiltinText) -> None:
    portuguese, english = builtin_text(code), builtin_text(code, locale="en-us")
    assert portuguese.strip()
    assert english.strip()
    assert portuguese != english


def test_a_bot_may_have_its_own_words_but_not_none() -> None:
    assert builtin_text(BuiltinText.LOOP, edits={"loop": "Ops"}) == "Ops"
    assert builtin_text(BuiltinText.LOOP, edits={"loop": "  "}) == builtin_text(BuiltinText.LOOP)


def test_the_welcome_without_a_run_has_a_begin_button() -> None:
    message = welcome_notice(FACTS, "Oi, {{first_name}}", BEGINNING)
    assert message.text == "Oi, Ana &lt;3"
    assert message.buttons == ((OutButton("Começar", begin=True),),)
    assert welcome_notice(Facts(locale="en"), "", BEGINNING).text == "Hello! Welcome!"


def test_the_failure_text_is_the_bots() -> None:
    assert failure_notice(Facts(texts={"failure": "Ops {{first_name}}"}), BEGINNING).text == "Ops "


def test_the_stale_notice_fits_a_callback_answer() -> None:
    assert 0 < len(stale_notice(FACTS)) <= 200


def test_every_step_type_has_a_behaviour() -> None:
    assert set(BEHAVIOURS) == set(StepType)
