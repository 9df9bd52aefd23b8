"""Beside a test chat: begin at a step, change what is known, block the bot; never for a real person."""

import pytest

from bots.errors import Conflict, Invalid, NotFound
from bots.models import Contact
from bots.tenancy import organization_scope
from flows.engine.events import VariablesSet
from flows.models import InboxSource, Message, Run
from flows.selectors import is_busy, transcript_of
from flows.services import store_simulated_calls, test_controls
from flows.services.conversation_tests import run_tests
from flows.services.recording import record_chat
from flows.services.test_controls import Beginning
from flows.web.chat_feed import BubbleKind, bubbles_of
from tests.factories.flows import Person, drain
from tests.flows.services.test_test_chats import Trial
from tests.support.flows import a_flow, a_question, an_access

pytestmark = pytest.mark.django_db


class Tried(Trial):
    """A member who does more than talk."""

    def begin_at(self, step_id: str, how: Beginning = Beginning.ANEW) -> None:
        with organization_scope(self.bot.organization_id):
            test_controls.begin_at(self.conversation, step_id, how=how)
        drain()

    def set(self, *cleared: str, **variables: object) -> None:
        with organization_scope(self.bot.organization_id):
            test_controls.set_variables(self.conversation, variables, cleared=cleared)
        drain()

    def set_blocked(self, blocked: bool) -> None:
        with organization_scope(self.bot.organization_id):
            test_controls.set_blocked(self.conversation, blocked=blocked)

    def record(self) -> list[dict[str, object]]:
        """Saved as a test, which must be green at once; answers its items."""
        with organization_scope(self.bot.organization_id):
            test = record_chat(self.flow.pk, conversation=self.conversation, user=self.user)
            [played] = run_tests(self.flow.pk, only=[test.pk])
            assert played.report.ok, played.report.first_difference
        self.head = {name: value for name, value in test.document.items() if name != "steps"}
        steps: list[dict[str, object]] = test.document["steps"]
        return steps


def three_steps() -> Tried:
    ask = a_question("ask", "Nome?", config={"save_as": "nome"}, next="city")
    city = a_question("city", "Oi {{nome}}, cidade?", config={"save_as": "cidade"}, next="bye")
    trial = Tried(a_flow([ask, city, an_access("bye", "Tchau {{nome}} de {{cidade}}")]))
    trial.open()
    return trial


def test_a_run_of_the_pinned_version_begins_at_any_step() -> None:
    rita = three_steps()
    before = rita.person.top
    rita.begin_at("city")
    assert rita.person.texts == ["Nome?", "Oi , cidade?"]
    run = rita.person.top
    assert (run.pk == before.pk, run.step_id, run.version_id) == (False, "city", rita.conversation.pinned_version_id)
    assert Run.unscoped.get(pk=before.pk).status == "closed"


def test_the_present_run_goes_on_at_a_step_with_what_it_knows() -> None:
    rita = three_steps()
    rita.say("Rita")
    rita.begin_at("ask", Beginning.GO_ON)
    rita.begin_at("city", Beginning.GO_ON)
    assert rita.person.texts == ["Nome?", "Oi Rita, cidade?", "Nome?", "Oi Rita, cidade?"]
    assert len(Run.unscoped.all()) == 1


def test_a_step_that_is_not_there_and_a_run_that_is_over_are_refused() -> None:
    rita = three_steps()
    for how in Beginning:
        with pytest.raises(Invalid) as unknown:
            rita.begin_at("nowhere", how)
        assert unknown.value.code == "no_such_step"
    rita.begin_at("bye")
    with pytest.raises(Conflict) as refused:
        rita.begin_at("ask", Beginning.GO_ON)
    assert refused.value.code == "nothing_under_way"


def test_a_variable_is_set_and_forgotten_and_the_timeline_names_it() -> None:
    rita = three_steps()
    rita.begin_at("city")
    rita.set(nome="Bia", idade=30)
    assert rita.person.top.state["variables"] == {"nome": "Bia", "idade": 30}
    rita.set("idade", **{"contact.tamanho": "M"})
    assert rita.person.top.state["variables"] == {"nome": "Bia"}
    assert Contact.unscoped.get(pk=rita.conversation.contact_id).variables == {"tamanho": "M"}
    rita.say("Natal")
    assert rita.person.texts[-1] == "Tchau Bia de Natal"
    assert rita.person.timeline(rita.person.runs[-1]).count("variables_set") == 2


@pytest.mark.parametrize("name", ["", "1a", "com espaço", "first_name", "payment.status", "tags", "x" * 65])
def test_a_name_that_no_step_could_write_is_refused(name: str) -> None:
    rita = three_steps()
    with pytest.raises(Invalid) as refused:
        rita.set(**{name: "x"})
    assert refused.value.code == "variable_name"


def test_without_a_run_there_is_nothing_to_change() -> None:
    rita = three_steps()
    rita.begin_at("bye")
    with pytest.raises(Conflict) as refused:
        rita.set(nome="Bia")
    assert refused.value.code == "nothing_under_way"


def test_a_real_person_is_never_touched() -> None:
    rita = three_steps()
    rita.activate(a_flow([a_question("ask", "Nome?", next="bye"), an_access("bye", "Tchau")]))
    ana = Person(rita.bot)
    ana.start()
    drain()
    with organization_scope(rita.bot.organization_id):
        with pytest.raises(NotFound):
            test_controls.begin_at(ana.conversation, "bye")
        with pytest.raises(NotFound):
            test_controls.set_variables(ana.conversation, {"x": "1"})
        with pytest.raises(NotFound):
            test_controls.set_blocked(ana.conversation, blocked=True)
    # Even a row that found its way into the inbox is not believed.
    ana.happen(VariablesSet({"x": "1"}), run_id=ana.top.pk, source=InboxSource.OPERATOR)
    drain()
    assert ana.top.state["variables"] == {}
    assert (ana.inbox[-1].state, ana.inbox[-1].error) == ("ignored", "not_a_test_chat")


def test_nothing_arrives_while_the_bot_is_blocked_and_writing_unblocks_it() -> None:
    rita = three_steps()
    rita.set_blocked(True)
    rita.begin_at("city")
    line = Message.unscoped.filter(conversation_id=rita.conversation.pk, direction="out").latest("id")
    store_simulated_calls(line.pk, [{"method": "sendMessage", "params": {"text": "Oi , cidade?"}}])
    line.refresh_from_db()
    assert (line.payload["calls"], line.payload["unsent"]) == ([], "blocked")
    with organization_scope(rita.bot.organization_id):
        bubble = bubbles_of(transcript_of(rita.conversation.pk))[-1]
    assert (bubble.kind, bubble.text) == (BubbleKind.UNSENT, "Oi , cidade?")
    rita.say("Natal")
    assert rita.conversation.contact.blocked_at is None
    line = Message.unscoped.filter(conversation_id=rita.conversation.pk, direction="out").latest("id")
    store_simulated_calls(line.pk, [{"method": "sendMessage", "params": {"text": "Tchau"}}])
    line.refresh_from_db()
    assert (len(line.payload["calls"]), "unsent" in line.payload) == (1, False)


def test_blocking_and_unblocking_by_hand() -> None:
    rita = three_steps()
    rita.set_blocked(True)
    assert rita.conversation.contact.blocked_at is not None
    rita.set_blocked(False)
    assert rita.conversation.contact.blocked_at is None


def test_a_beginning_at_a_step_and_changed_variables_are_recorded() -> None:
    rita = three_steps()
    rita.begin_at("city")
    rita.set(nome="Bia", lixo="x")
    rita.set("lixo")
    rita.say("Natal")
    steps = rita.record()
    assert rita.head["start_step"] == "city"
    assert [step for step in steps if not str(step["type"]).startswith("expect")] == [
        {"type": "set_variables", "variables": {"nome": "Bia", "lixo": "x"}},
        {"type": "set_variables", "variables": {"lixo": None}},
        {"type": "text", "text": "Natal"},
    ]
    assert {"type": "expect_replies", "replies": [{"text": "Tchau Bia de Natal"}]} in steps


def test_going_on_at_a_step_is_recorded() -> None:
    rita = three_steps()
    rita.say("Rita")
    rita.begin_at("ask", Beginning.GO_ON)
    done = [step for step in rita.record() if not str(step["type"]).startswith("expect")]
    assert [step["type"] for step in done] == ["command", "text", "operator_resume"]


def test_a_conversation_with_a_blocked_bot_is_not_recorded() -> None:
    rita = three_steps()
    rita.set_blocked(True)
    rita.begin_at("city")
    with organization_scope(rita.bot.organization_id):
        assert is_busy(rita.conversation)
    line = Message.unscoped.filter(conversation_id=rita.conversation.pk, direction="out").latest("id")
    Contact.unscoped.update(blocked_at="2026-01-01T00:00:00Z")
    store_simulated_calls(line.pk, [])
    with pytest.raises(Conflict) as refused:
        rita.record()
    assert refused.value.code == "blocked_meanwhile"
    rita.set_blocked(False)
    rita.begin_at("ask")
    rita.record()
