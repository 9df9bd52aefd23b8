"""A published version that no longer parses whole still runs what it can, and what was left out is logged."""

import json
from typing import Any

import pytest
from django.db import connection
from structlog.testing import capture_logs

from bots.models import Bot
from flows.models import FlowVersion
from flows.runtime import version_cache
from tests.factories.flows import Person, drain, make_bot, publish
from tests.support.flows import Document, a_condition, a_flow, a_message, a_question, an_access
from tests.support.subflows import a_subflow

pytestmark = pytest.mark.django_db

WELCOME = "Bem-vindo à loja!"
SOUND = a_flow([a_question("ask", next="bye"), an_access("bye")])
BAD_CONDITION = {"type": "text_validation", "validation": "horoscope", "target_step": "bye"}
EMAIL = a_condition("text_validation", "bye", validation="email", order=1)


def damage(version: FlowVersion, **columns: Any) -> None:
    """As by another hand than ours: the trigger that forbids it is off for this statement."""
    assignments = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE flows_flowversion DISABLE TRIGGER USER")
        cursor.execute(
            f"UPDATE flows_flowversion SET {assignments} WHERE id = %s",
            [*(json.dumps(value) for value in columns.values()), version.pk],
        )
        cursor.execute("ALTER TABLE flows_flowversion ENABLE TRIGGER USER")
    version_cache.forget_all()


def a_bot_with(document: Document) -> Bot:
    bot = make_bot(main_buttons=[])
    damage(publish(bot, SOUND), definition=document)
    return bot


def skipped(logs: list[Any]) -> list[tuple[str | None, str, str]]:
    return [(one["step_id"], one["field"], one["code"]) for one in logs if one["event"] == "version_part_skipped"]


def test_an_invalid_condition_is_skipped_and_logged_with_its_index_and_reason() -> None:
    ana = Person(
        a_bot_with(
            a_flow([a_question("ask", next="bye", conditions=[BAD_CONDITION, EMAIL]), an_access("bye", "Certo")])
        )
    )
    ana.start()
    with capture_logs() as logs:
        drain()
    assert skipped(logs) == [("ask", "conditions.0.validation", "not_an_option")]
    (told,) = [one for one in logs if one["event"] == "version_part_skipped"]
    assert (told["log_level"], bool(told["reason"])) == ("warning", True)
    ana.say("qualquer coisa")
    drain()
    # The one that is valid still decides.
    assert ana.texts[-1] == "Qual é?"
    ana.say("ana@example.com")
    drain()
    assert ana.texts[-1] == "Certo"
    with capture_logs() as later:
        ana.start()
        drain()
    assert skipped(later) == [], "told once per process, not at every event"


def test_where_no_valid_condition_is_left_the_answer_does_not_slip_through_next() -> None:
    document = a_flow(
        [
            a_message("hi", "Olá", next="ask"),
            a_question("ask", next="vip", conditions=[BAD_CONDITION]),
            an_access("vip", "De graça"),
        ]
    )
    ana = Person(a_bot_with(document))
    ana.start()
    drain()
    # Missing: the flow begins once more, and then the bot's welcome is all there is.
    assert ana.texts == ["Olá", "Olá", WELCOME]
    assert [run.failure for run in ana.runs] == ["step_missing", "step_missing"]
    ana.say("oi")
    drain()
    assert "De graça" not in ana.texts


def test_a_step_that_cannot_be_read_counts_as_missing_and_the_others_run() -> None:
    document = a_flow([a_question("ask", "Nome?", next="odd"), {"id": "odd", "type": "teleport"}, an_access("bye")])
    ana = Person(a_bot_with(document))
    ana.start()
    drain()
    assert ana.texts == ["Nome?"]
    ana.say("Ana")
    drain()
    assert (ana.texts, ana.runs[0].failure) == (["Nome?", "Nome?"], "step_missing")
    assert "step_missing" in ana.timeline(ana.runs[0])


@pytest.mark.parametrize("definition", [{}, [], 5, "x", {"flow_steps": 5}, {"flow_start_step_id": "x"}])
def test_a_version_of_which_nothing_is_left_welcomes(definition: object) -> None:
    ana = Person(a_bot_with(definition))  # type: ignore[arg-type]
    ana.start()
    drain()
    assert ana.texts == [WELCOME]
    assert [row.state for row in ana.inbox] == ["done"]


def test_what_is_damaged_in_a_subflow_is_logged_with_both_versions_and_the_rest_of_it_runs() -> None:
    bot = make_bot(main_buttons=[])
    inner = publish(bot, SOUND, active=False)
    outer = publish(bot, SOUND)
    broken = a_flow([a_question("ask", "Dentro?", conditions=[BAD_CONDITION, EMAIL]), an_access("bye", "Certo")])
    damage(
        outer,
        definition=a_flow([a_subflow("sub", str(inner.flow_id), next="bye"), an_access("bye", "Fora")]),
        embedded={
            "subflows": {str(inner.flow_id): str(inner.pk)},
            "versions": {
                str(inner.pk): {"flow": str(inner.flow_id), "definition": broken},
                "no id": {},
                str(outer.pk): 5,
            },
        },
    )
    ana = Person(bot)
    ana.start()
    with capture_logs() as logs:
        drain()
    (told,) = [one for one in logs if one["event"] == "version_part_skipped"]
    assert (told["version_id"], told["run_as"], told["step_id"]) == (str(inner.pk), str(outer.pk), "ask")
    ana.say("ana@example.com")
    drain()
    assert ana.texts == ["Dentro?", "Certo", "Fora"]
