"""What runs note of a contact: kept for good, seen by the next flow, and never over what others wrote meanwhile."""

from typing import Any

import pytest

from bots.models import Contact
from flows.engine.events import AnswerKind
from flows.runtime import runner, version_cache, work
from tests.factories.flows import Person, drain, make_flow_bot
from tests.support.flows import a_branch, a_condition, a_flow, a_message, a_question, a_set, an_access
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db

END = an_access("end", "Fim")


@pytest.fixture(autouse=True)
def one_shard(settings: Any) -> None:
    settings.FLOW_SHARDS = 1


def noting(**config: Any) -> Person:
    """Somebody at the door of a flow that notes this."""
    return Person(make_flow_bot(a_flow([a_set("note", next="end", **config), END])))


def know(person: Person, *, variables: dict[str, object], tags: list[str]) -> None:
    """Somebody else writes of the contact: a partner, the team."""
    Contact.unscoped.filter(pk=person.contact.pk).update(variables=variables, tags=tags)


def test_what_a_run_notes_is_kept_with_the_contact_and_greets_them_in_the_next_run() -> None:
    ana = Person(
        make_flow_bot(
            a_flow(
                [
                    a_branch("known", a_condition("variable", "again", name="contact.nome", op="exists"), next="ask"),
                    a_question("ask", "Seu nome?", config={"save_as": "contact.nome"}, next="note"),
                    a_set("note", add_tags=["cliente", "novo"], next="end"),
                    a_set("again", remove_tags=["novo"], next="hello"),
                    a_message("hello", "Oi de novo, {{contact.nome}}!", next="end"),
                    END,
                ]
            )
        )
    )
    for text in ("/start", "Bia"):
        ana.say(text)
        drain()
    assert (ana.contact.variables, ana.contact.tags) == ({"nome": "Bia"}, ["cliente", "novo"])
    ana.start()
    drain()
    assert ana.texts[-2:] == ["Oi de novo, Bia!", "Fim"]
    assert (ana.contact.variables, ana.contact.tags) == ({"nome": "Bia"}, ["cliente"])
    assert ana.runs[1].state["variables"] == {}


def test_types_come_back_as_they_were() -> None:
    values = {"texto": "7", "numero": 7, "fracao": 2.5, "sim": True, "vazio": ""}
    ana = noting(assign=[{"name": f"contact.{name}", "value": value} for name, value in values.items()])
    ana.start()
    drain()
    assert ana.contact.variables == values


def test_two_runs_in_one_drain_see_each_others_notes() -> None:
    ana = Person(
        make_flow_bot(
            a_flow(
                [
                    a_set("note", assign=[{"name": "contact.vezes", "value": "{{contact.vezes}}i"}], next="ask"),
                    a_question("ask", "{{contact.vezes}}", next="end"),
                    END,
                ]
            )
        )
    )
    for text in ("/start", "oi", "/start", "oi", "/start"):
        ana.say(text)
    drain()
    assert [text for text in ana.texts if text != "Fim"] == ["i", "ii", "iii"]
    assert ana.contact.variables == {"vezes": "iii"}


def test_what_others_write_between_the_look_and_the_write_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody locks a contact: a run's note is merged into the row as it is then."""
    ana = noting(assign=[{"name": "contact.a", "value": "run"}], clear=["contact.b"], add_tags=["x"], remove_tags=["y"])
    ana.start()
    drain()
    know(ana, variables={"b": 1, "c": 1}, tags=["y", "z"])
    ana.start()
    write = work._write

    def write_late(*arguments: Any) -> None:
        know(ana, variables={"b": 1, "c": "partner", "d": "partner"}, tags=["y", "z", "w"])
        write(*arguments)

    monkeypatch.setattr(work, "_write", write_late)
    drain()
    assert ana.contact.variables == {"a": "run", "c": "partner", "d": "partner"}
    assert ana.contact.tags == ["z", "w", "x"]


def test_an_update_about_a_name_touches_neither_variables_nor_tags() -> None:
    ana = noting(add_tags=["x"])
    ana.start()
    drain()
    know(ana, variables={"a": 1}, tags=["y"])
    ana.first_name = "Anita"
    ana.say("oi")
    drain()
    assert (ana.contact.first_name, ana.contact.variables, ana.contact.tags) == ("Anita", {"a": 1}, ["y"])


@pytest.mark.parametrize("count", [1, 50])
def test_open_accesses_of_everybody_cost_one_statement_and_only_where_a_flow_asks(count: int) -> None:
    def statements(name: str) -> int:
        condition = a_condition("variable", "end", name=name, op="exists")
        bot = make_flow_bot(a_flow([a_branch("fork", condition, next="ask"), a_question("ask", next="end"), END]))
        crowd = [Person(bot) for _ in range(count)]
        for person in crowd:
            person.start()
        version_cache.forget_all()
        with recorded_sql() as recorded:
            assert runner.drain(0).conversations == count
        return len(recorded)

    assert statements("grants") == statements("tags") + 1
    assert statements("grants") <= 14


def test_the_keyboard_of_a_run_that_was_left_is_taken_off_by_the_next_one() -> None:
    asks = a_question("ask", "Telefone?", config={"accepts": ["contact"]}, next="end")
    ana = Person(make_flow_bot(a_flow([a_message("hello", "Oi!", next="ask"), asks, END])))
    for text in ("/start", "não quero", "/start"):
        ana.say(text)
        drain()
    contact = AnswerKind.CONTACT
    assert [(message.text, message.ask, message.unask) for message in ana.messages] == [
        ("Oi!", None, None),
        ("Telefone?", contact, None),
        ("Telefone?", contact, None),
        ("Oi!", None, contact),
        ("Telefone?", contact, None),
    ]
