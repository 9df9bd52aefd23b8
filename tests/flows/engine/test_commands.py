"""Commands and keywords: what a message asks for besides answering a step."""

import pytest

from flows.engine.commands import RESERVED, BuiltinCommand, builtin_command, command_of
from flows.engine.events import Answered, AnswerKind, Start
from flows.engine.menu import MenuItem, menu_items
from flows.engine.parse import parse_lenient
from tests.support.conversation import Talk
from tests.support.flows import a_condition, a_flow, a_message, a_payment, a_question, an_access, buttons

TRIGGERS = [
    {"command": "Menu", "target_step": "menu"},
    {"keyword": "preço", "target_step": "price"},
    {"keyword": "falar com alguém", "match": "contains", "target_step": "help"},
]


def a_shop(*steps: dict[str, object], triggers: list[dict[str, object]] | None = None) -> Talk:
    ends = [an_access("menu", "Menu"), an_access("price", "R$ 10"), an_access("help", "Ajuda"), an_access("bye")]
    return Talk(*steps, *ends, triggers=TRIGGERS if triggers is None else triggers)


def asks_email(**condition: object) -> dict[str, object]:
    return a_question("ask", conditions=[a_condition("text_validation", "bye", validation="email", **condition)])


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/menu", "menu"),
        ("/MENU", "menu"),
        ("  /menu@loja_bot  agora ", "menu"),
        ("/menu\nagora", "menu"),
        ("menu", None),
        ("quero o /menu", None),
        ("/", None),
        ("/ menu", None),
        ("", None),
    ],
)
def test_a_command_is_the_first_word_in_any_case_with_or_without_the_bots_name(text: str, command: str | None) -> None:
    assert command_of(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/privacy", BuiltinCommand.PRIVACY),
        ("/Terms@loja_bot", BuiltinCommand.TERMS),
        ("/paysupport não recebi", BuiltinCommand.PAYSUPPORT),
        ("/acesso", BuiltinCommand.ACCESS),
        ("/access", BuiltinCommand.ACCESS),
        ("/privacidade", None),
        ("privacy", None),
    ],
)
def test_every_bot_knows_four_commands(text: str, command: BuiltinCommand | None) -> None:
    assert builtin_command(Answered(AnswerKind.TEXT, text)) is command


def test_what_stands_under_a_photo_is_no_command() -> None:
    assert builtin_command(Answered(AnswerKind.PHOTO, "/privacy")) is None
    talk = a_shop(a_question("ask", config={"accepts": ["photo"]}, next="bye")).begin()
    assert talk.send(Answered(AnswerKind.PHOTO, "/menu")).state.step_id == "bye"


# The flow's own


def test_a_command_wins_over_what_the_present_step_would_take() -> None:
    talk = a_shop(a_question("ask", next="bye")).begin()
    assert talk.write("/menu").state.step_id == "menu"


def test_a_command_leaves_a_payment_and_the_money_still_counts() -> None:
    talk = a_shop(a_payment("pay", next="bye"), a_question("later", next="bye"), triggers=[
        {"command": "menu", "target_step": "later"},
    ]).begin().charge_ready()  # fmt: skip
    assert talk.write("/menu").at == "later"
    assert talk.paid().state.step_id == "bye"


def test_a_keyword_leads_only_where_the_step_does_not_take_the_message() -> None:
    assert a_shop(a_question("ask", next="bye")).begin().write("preço").state.step_id == "bye"
    assert a_shop(asks_email()).begin().write("PRECO").state.step_id == "price"
    assert a_shop(asks_email()).begin().write("ana@example.com").state.step_id == "bye"


def test_a_buttons_own_text_goes_before_a_keyword() -> None:
    menu = buttons("b", {"text": "Preço", "target_step": "bye"})
    assert a_shop(menu).begin().write("preço").state.step_id == "bye"
    assert a_shop(buttons("b", {"text": "Sair", "target_step": "bye"})).begin().write("preço").state.step_id == "price"


def test_a_keyword_costs_no_attempt_and_goes_before_the_fallback() -> None:
    talk = a_shop(asks_email(max_attempts=1, fallback_step="menu")).begin()
    assert talk.write("preço").state.step_id == "price"
    assert talk.state.attempts == {}


def test_a_keyword_never_leaves_a_payment() -> None:
    talk = a_shop(a_payment("pay", next="bye")).begin().charge_ready()
    assert talk.write("preço").at == "pay"


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("preço", "price"),
        ("  Preço!! ", "price"),
        ("qual o preço", "ask"),
        ("quero FALAR com alguem, por favor", "help"),
        ("falar com alguémzinho", "ask"),
        ("/preço", "ask"),
    ],
)
def test_a_keyword_is_the_whole_message_or_whole_words_of_it(said: str, step: str) -> None:
    assert a_shop(asks_email()).begin().write(said).state.step_id == step


def test_an_emoji_can_be_a_keyword() -> None:
    talk = a_shop(asks_email(), triggers=[{"keyword": "👍", "target_step": "price"}]).begin()
    assert talk.write("👍").state.step_id == "price"
    other = a_shop(asks_email(), triggers=[{"keyword": "👍", "target_step": "price"}]).begin()
    assert other.write("👎").at == "ask"


def test_a_command_that_the_bot_answers_itself_leads_nowhere() -> None:
    talk = a_shop(asks_email(), triggers=[{"command": "privacy", "target_step": "price"}]).begin()
    assert talk.write("/privacy").at == "ask"


def test_a_run_may_begin_at_a_triggers_step_but_not_at_one_that_is_gone() -> None:
    assert a_shop(a_message("hi", next="bye")).send(Start(step_id="price")).said == ["R$ 10"]
    assert a_shop(a_question("hi", "Oi", next="bye")).send(Start(step_id="gone")).said == ["Oi"]


# Telegram's menu


def items(*triggers: dict[str, object], **how: object) -> tuple[MenuItem, ...]:
    document = parse_lenient(a_flow([an_access("end")], triggers=list(triggers))).document
    return menu_items(document.triggers, locale=str(how.pop("locale", "pt-br")), **how)  # type: ignore[arg-type]


def test_the_menu_has_start_the_flows_own_commands_and_those_of_every_bot() -> None:
    made = items(
        {"command": "/Planos", "description": "Ver os planos", "target_step": "end"},
        {"keyword": "oi", "target_step": "end"},
        {"command": "ajuda", "target_step": "end"},
        {"command": "terms", "target_step": "end"},
    )
    assert [(item.command, item.description) for item in made] == [
        ("start", "Começar"),
        ("planos", "Ver os planos"),
        ("ajuda", "ajuda"),
        ("acesso", "Receber de novo o que comprei"),
        ("paysupport", "Ajuda com pagamentos"),
        ("terms", "Termos de uso"),
        ("privacy", "Privacidade"),
    ]


def test_the_menu_speaks_english_and_in_the_bots_own_words() -> None:
    made = items(locale="en", texts={"command_start": "Open the shop"})
    assert [item.command for item in made] == ["start", "access", "paysupport", "terms", "privacy"]
    assert made[0].description == "Open the shop"


def test_the_menu_is_never_longer_than_telegram_takes() -> None:
    triggers: list[dict[str, object]] = [{"command": f"c{n}", "target_step": "end"} for n in range(100)]
    made = items(*triggers)
    assert len(made) == 100
    assert made[-1].command == "privacy"


def test_no_command_of_the_bots_own_is_open_to_a_flow() -> None:
    assert {"start", "privacy", "terms", "paysupport", "acesso", "access"} == RESERVED
