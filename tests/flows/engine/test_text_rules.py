"""What may stand in a bot's own wording of a built-in text."""

import pytest

from flows.engine.text_rules import RULES, TextFault, faults_of
from flows.engine.texts import LANGUAGES, BuiltinText, builtin_text, edits_in, language_of


@pytest.mark.parametrize("code", BuiltinText)
@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_wordings_pass_their_rules(code: BuiltinText, language: str) -> None:
    assert list(faults_of(code, builtin_text(code, locale=language))) == []


@pytest.mark.parametrize(
    ("code", "wording", "fault"),
    [
        (BuiltinText.CHECKING, "a" * 201, (TextFault.TOO_LONG, "200")),
        # As Telegram counts: an emoji is two, a tag nothing.
        (BuiltinText.PAY, "<b>" + "😀" * 513 + "</b>", (TextFault.TOO_LONG, "1024")),
        (BuiltinText.PAID_BUTTON, "a" * 65, (TextFault.TOO_LONG, "64")),
        (BuiltinText.PRIVACY, "{{cpf}}", (TextFault.UNKNOWN_VARIABLE, "cpf")),
        (BuiltinText.PRIVACY, "{{payment.price}}", (TextFault.UNKNOWN_VARIABLE, "payment.price")),
        (BuiltinText.COMMAND_TERMS, "{{first_name}}", (TextFault.UNKNOWN_VARIABLE, "first_name")),
        (BuiltinText.PRIVACY, "{{first name}}", (TextFault.BROKEN_PLACEHOLDER, "{{first name}}")),
        (BuiltinText.PRIVACY, "<b>a", (TextFault.BAD_MARKUP, "<b>")),
        (BuiltinText.PRIVACY, "<b><i>a</b></i>", (TextFault.BAD_MARKUP, "</b>")),
        (BuiltinText.PRIVACY, "<h1>a</h1>", (TextFault.BAD_MARKUP, "<h1>")),
        (BuiltinText.PRIVACY, "1 < 2", (TextFault.BAD_MARKUP, "<")),
    ],
)
def test_says_what_cannot_be_used(code: BuiltinText, wording: str, fault: tuple[TextFault, str]) -> None:
    assert list(faults_of(code, wording)) == [fault]


@pytest.mark.parametrize(
    ("code", "wording"),
    [
        (BuiltinText.PAY, "<b>{{payment.price}}</b> " + "😀" * 500),
        (BuiltinText.PRIVACY, 'Leia <a href="https://example.com/p">aqui</a>, {{first_name}} &lt;3'),
        (BuiltinText.PAYSUPPORT, "{{support_contact}}, {{organization_name}}"),
        # Buttons and notices have no markup: what looks like it is only text.
        (BuiltinText.PAID_BUTTON, "Já paguei <3"),
    ],
)
def test_takes_what_can_be_used(code: BuiltinText, wording: str) -> None:
    assert list(faults_of(code, wording)) == []


def test_every_text_has_a_rule() -> None:
    assert set(RULES) == set(BuiltinText)


@pytest.mark.parametrize(
    ("code", "language"),
    [("pt", "pt-br"), ("pt-BR", "pt-br"), ("en", "en"), ("en_US", "en"), ("es", "fallback"), ("", "fallback")],
)
def test_people_are_spoken_to_in_their_language_if_we_have_it(code: str, language: str) -> None:
    assert language_of(code, "fallback") == language


def test_a_wording_counts_in_its_language_and_a_plain_one_in_all() -> None:
    texts = {"pay": {"pt-br": "Pague", "en": "Pay"}, "begin": {"en": "Go"}, "loop": "Ops", "odd": 5}
    assert edits_in(texts, "pt-br") == {"pay": "Pague", "loop": "Ops"}
    assert edits_in(texts, "en") == {"pay": "Pay", "begin": "Go", "loop": "Ops"}
