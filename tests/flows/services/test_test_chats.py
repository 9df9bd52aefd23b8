"""Test chats: the real inbox, worker and outbox, for a contact that is nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bots.errors import Conflict, Invalid, NotFound
from bots.models import Channel, Contact, User
from bots.tenancy import organization_scope
from flows.models import Conversation, Flow, FlowVersion, Message, Run
from flows.runtime.timers import fire_due_timers
from flows.selectors import is_busy, runs_of, test_conversation, transcript_of
from flows.services import store_simulated_calls, test_chats
from flows.services.test_chats import Share
from telegram_gateway.protocol.callback_data import encode
from tests.factories.flows import Person, drain, make_bot, publish, two_questions
from tests.support.flows import Document, a_delay, a_flow, a_question, an_access, buttons

pytestmark = pytest.mark.django_db

test_conversation.__test__ = False  # type: ignore[attr-defined]


class Trial:
    """A member with a flow, and the chat of the two."""

    def __init__(self, draft: Document | None = None) -> None:
        self.bot = make_bot()
        self.user = User.objects.create_user("rita@example.com", name="Rita")
        with organization_scope(self.bot.organization_id):
            self.flow = Flow.objects.create(
                organization_id=self.bot.organization_id, bot=self.bot, name="F", draft=draft or two_questions()
            )

    def open(self, number: int | None = None) -> test_chats.TestChat:
        with organization_scope(self.bot.organization_id):
            chat = test_chats.open_test_chat(self.flow.pk, user=self.user, number=number)
        drain()
        return chat

    def activate(self, document: Document) -> None:
        publish(self.bot, document, flow=self.flow)
        Flow.unscoped.filter(pk=self.flow.pk).update(active=True)

    def edit(self, draft: Document) -> None:
        Flow.unscoped.filter(pk=self.flow.pk).update(draft=draft)

    def say(self, text: str) -> None:
        with organization_scope(self.bot.organization_id):
            test_chats.simulator_say(self.conversation, text=text)
        drain()

    def press(self, data: str, message_id: int | None = None) -> None:
        with organization_scope(self.bot.organization_id):
            test_chats.simulator_press(self.conversation, data=data, message_id=message_id)
        drain()

    @property
    def conversation(self) -> Conversation:
        with organization_scope(self.bot.organization_id):
            return test_conversation(flow_id=self.flow.pk, user=self.user)

    @property
    def person(self) -> Person:
        return Person(self.bot, telegram_user_id=self.conversation.telegram_user_id)


def test_a_draft_begins_as_soon_as_its_chat_is_opened() -> None:
    rita = Trial()
    chat = rita.open()
    assert (chat.version.kind, chat.version.number, chat.version.flow_id) == ("test", None, rita.flow.pk)
    assert rita.person.texts == ["Qual é o seu nome?"]
    contact = Contact.unscoped.get()
    assert (contact.channel, contact.first_name, contact.telegram_user_id < 0) == ("simulator", "Rita", True)
    assert {row.payload["channel"] for row in rita.person.outbox} == {"simulator"}


def test_what_is_said_and_pressed_goes_through_the_inbox() -> None:
    menu = buttons("menu", {"text": "Sim", "target_step": "bye"}, {"text": "Não", "target_step": "bye"})
    rita = Trial(a_flow([a_question("ask", "Nome?", next="menu"), menu, an_access("bye", "Tchau")]))
    rita.open()
    rita.say("Rita")
    assert rita.person.texts == ["Nome?", "Escolha:"]
    ref = rita.person.button("Sim").ref
    assert ref is not None
    rita.press(encode(ref), message_id=5)
    assert rita.person.texts[-1] == "Tchau"
    assert {row.source for row in rita.person.inbox} == {"operator", "simulator"}


def test_start_begins_the_pinned_version_again() -> None:
    rita = Trial()
    rita.open()
    rita.say("Rita")
    rita.say("/start")
    assert [run.version.kind for run in Run.unscoped.all()] == ["test", "test"]
    assert rita.person.texts == ["Qual é o seu nome?", "Quantos anos?", "Qual é o seu nome?"]


def test_start_is_not_absorbed_where_somebody_tries_things_out() -> None:
    rita = Trial()
    rita.open()
    rita.say("/start")
    assert rita.person.texts == ["Qual é o seu nome?"] * 2


def test_an_unchanged_draft_reuses_its_version_and_goes_on() -> None:
    rita = Trial()
    first = rita.open()
    rita.say("Rita")
    second = rita.open()
    assert (first.version.pk, FlowVersion.unscoped.count(), Run.unscoped.count()) == (second.version.pk, 1, 1)


def test_a_changed_draft_begins_anew() -> None:
    rita = Trial()
    rita.open()
    rita.edit(a_flow([a_question("ask", "Mudou?", next="bye"), an_access("bye")]))
    rita.open()
    assert (FlowVersion.unscoped.count(), rita.person.texts[-1]) == (2, "Mudou?")
    assert [run.status for run in Run.unscoped.order_by("id")] == ["closed", "active"]


def test_a_draft_with_errors_is_not_run_and_says_why() -> None:
    rita = Trial(a_flow([a_question("ask", "Nome?", next="nowhere")]))
    with pytest.raises(Invalid) as refused:
        rita.open()
    assert [problem.code for problem in refused.value.problems] == ["unknown_target"]
    assert (FlowVersion.unscoped.count(), Contact.unscoped.count()) == (0, 0)


def test_a_published_version_can_be_tried_as_it_is() -> None:
    rita = Trial()
    version = publish(rita.bot, a_flow([a_question("q", "Antes?", next="bye"), an_access("bye")]), flow=rita.flow)
    chat = rita.open(number=1)
    assert (chat.version.pk, rita.person.texts) == (version.pk, ["Antes?"])
    with pytest.raises(NotFound):
        rita.open(number=9)


def test_the_live_bot_is_never_touched() -> None:
    rita = Trial()
    rita.activate(two_questions())
    ana = Person(rita.bot)
    ana.start()
    drain()
    rita.open()
    assert (ana.texts, ana.top.version.kind) == (["Qual é o seu nome?"], "published")
    with organization_scope(rita.bot.organization_id):
        assert [run.contact.channel for run in runs_of()] == [Channel.TELEGRAM]


def test_skipping_a_wait_moves_the_chats_clock_to_its_end() -> None:
    later = [a_delay("wait", hours=2, next="ask"), a_question("ask", "Agora?", next="bye"), an_access("bye")]
    rita = Trial(a_flow(later))
    rita.open()
    assert fire_due_timers() == 0
    with organization_scope(rita.bot.organization_id):
        skipped = test_chats.skip_wait(rita.conversation)
    assert timedelta(hours=1, minutes=59) < skipped <= timedelta(hours=2, seconds=1)
    assert fire_due_timers() == 1
    drain()
    assert rita.person.texts == ["Agora?"]
    assert rita.conversation.clock_offset == skipped
    entered_at = rita.person.top.entered_at
    assert entered_at is not None
    ahead = entered_at - timezone.now()
    assert timedelta(hours=1, minutes=59) < ahead <= timedelta(hours=2, seconds=1)


def test_a_chat_that_waits_for_no_time_cannot_skip() -> None:
    rita = Trial()
    rita.open()
    with organization_scope(rita.bot.organization_id), pytest.raises(Conflict):
        test_chats.skip_wait(rita.conversation)


def test_a_real_conversation_has_no_time_travel() -> None:
    rita = Trial()
    rita.activate(a_flow([a_delay("wait", next="bye"), an_access("bye")]))
    ana = Person(rita.bot)
    ana.start()
    drain()
    with organization_scope(rita.bot.organization_id), pytest.raises(NotFound):
        test_chats.skip_wait(ana.conversation)
    assert ana.timers[0].due_at > timezone.now()


def test_the_calls_that_would_have_been_made_are_kept_with_their_line() -> None:
    rita = Trial()
    rita.open()
    row = rita.person.outbox[0]
    calls: list[dict[str, Any]] = [{"method": "sendMessage", "params": {"text": "Qual é o seu nome?"}}]
    with organization_scope(rita.bot.organization_id):
        assert is_busy(rita.conversation)
    store_simulated_calls(row.id, calls)
    store_simulated_calls(row.id, calls)
    line = Message.unscoped.get(pk=row.id)
    assert (line.payload["calls"], line.text) == (calls, "Qual é o seu nome?")
    assert line.telegram_message_id is not None
    assert 0 < line.telegram_message_id < 2**53
    with organization_scope(rita.bot.organization_id):
        assert not is_busy(rita.conversation)
        assert [one.pk for one in transcript_of(rita.conversation.pk)] == [row.id]


def test_each_member_has_a_chat_of_their_own() -> None:
    rita = Trial()
    rita.open()
    ivo = User.objects.create_user("ivo@example.com", name="Ivo")
    with organization_scope(rita.bot.organization_id):
        with pytest.raises(NotFound):
            test_conversation(flow_id=rita.flow.pk, user=ivo)
        test_chats.open_test_chat(rita.flow.pk, user=ivo)
    assert Contact.unscoped.count() == 2


@pytest.mark.parametrize(
    ("what", "accepts", "goes_on"),
    [
        (Share.CONTACT, ["contact"], True),
        (Share.OTHER_CONTACT, ["contact"], False),
        (Share.OTHER_CONTACT, ["contact", "text"], True),
        (Share.LOCATION, ["location"], True),
        (Share.PHOTO, ["photo"], True),
        (Share.PHOTO, ["document"], False),
        (Share.DOCUMENT, ["document"], True),
        (Share.VOICE, ["voice"], True),
    ],
)
def test_what_is_no_text_is_sent_as_telegram_sends_it(what: Share, accepts: list[str], goes_on: bool) -> None:
    question = a_question("ask", "Mande", config={"accepts": accepts, "save_as": "x"}, next="bye")
    rita = Trial(a_flow([question, an_access("bye", "Recebi: {{x}}")]))
    rita.open()
    with organization_scope(rita.bot.organization_id):
        test_chats.simulator_share(rita.conversation, what=what)
    drain()
    assert rita.person.texts[-1].startswith("Recebi: ") is goes_on
    kept = {Share.CONTACT: "+5511987654321", Share.LOCATION: "-23.5505,-46.6333"}
    if what in kept:
        assert rita.person.texts[-1] == f"Recebi: {kept[what]}"
