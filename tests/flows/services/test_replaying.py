"""Runs made again from their rows: those of test chats with all that can be done in them, and those with subflows."""

import pytest

from bots.models import Bot
from bots.tenancy import organization_scope
from flows.models import Flow, Run, TimelineEntry
from flows.runtime.timers import fire_due_timers
from flows.services import test_chats
from flows.services.publishing import publish_version
from flows.services.replaying import replay_run
from flows.services.test_controls import Beginning
from tests.factories.flows import Person, drain, make_bot, publish
from tests.flows.services.test_test_controls import Tried, three_steps
from tests.support.flows import a_delay, a_flow, a_message, a_question, an_access, buttons
from tests.support.subflows import a_subflow

pytestmark = pytest.mark.django_db


def check_same(bot: Bot, person: Person, *, runs: int) -> None:
    assert len(person.runs) == runs
    for run in person.runs:
        with organization_scope(bot.organization_id):
            replay = replay_run(run.pk)
        assert replay.mismatch is None, (run.pk, replay.mismatch)
        assert replay.entries == TimelineEntry.unscoped.filter(run_id=run.pk).count() > 0


def test_a_test_chat_with_a_beginning_in_the_middle_and_changed_variables_is_the_same() -> None:
    rita = three_steps()
    rita.say("Rita")
    rita.begin_at("city")
    rita.set(nome="Bia", **{"contact.tamanho": "M"})
    rita.begin_at("ask", Beginning.GO_ON)
    rita.set_blocked(True)
    rita.say("Lia")
    rita.set("nome")
    rita.say("Natal")
    check_same(rita.bot, rita.person, runs=2)


def test_a_test_chat_whose_time_was_skipped_is_the_same() -> None:
    wait = a_delay("wait", hours=1, next="ask")
    rita = Tried(a_flow([a_message("hi", next="wait"), wait, a_question("ask", "E aí?", next="bye"), an_access("bye")]))
    rita.open()
    with organization_scope(rita.bot.organization_id):
        test_chats.skip_wait(rita.conversation)
    fire_due_timers()
    drain()
    rita.say("tudo bem")
    assert rita.person.runs[-1].status == "ended"
    check_same(rita.bot, rita.person, runs=1)


def test_a_run_with_a_subflow_is_the_same_after_a_newer_version_of_it_was_published() -> None:
    bot = make_bot()
    survey = a_flow(
        [buttons("city", {"text": "Recife", "target_step": "why"}), a_question("why", next="bye"), an_access("bye")]
    )
    inner = publish(bot, survey, active=False).flow_id
    assert inner is not None
    outer = a_flow(
        [a_subflow("sub", str(inner), next="last"), a_question("last", "E então?", next="end"), an_access("end")]
    )
    with organization_scope(bot.organization_id):
        flow = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="Tudo", draft=outer, active=True)
        publish_version(flow.pk)
    Bot.unscoped.filter(pk=bot.pk).update(flow_enabled=True)
    ana = Person(bot)
    ana.start()
    drain()
    ana.press(ana.button("Recife"))
    drain()
    with organization_scope(bot.organization_id):
        Flow.objects.filter(pk=inner).update(
            draft=a_flow([a_question("other", "Outra?", next="bye"), an_access("bye")])
        )
        publish_version(inner)
    ana.say("porque sim")
    drain()
    ana.say("pronto")
    drain()
    assert [run.status for run in Run.unscoped.all()] == ["ended"]
    check_same(bot, ana, runs=1)
