"""Answers with a retention are noted, and erased wherever they lie when their time is over; nothing else is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models import F
from django.utils import timezone

from bots.models import Bot, Contact
from bots.outbox.models import MessageState, OutboxMessage
from flows.models import Conversation, InboxEvent, KeptAnswer, Message, Run
from flows.runtime import erasing
from tests.factories.flows import Person, drain, make_bot, publish
from tests.support.flows import Document, a_flow, a_question, an_access
from tests.support.sql import expect_statements

pytestmark = pytest.mark.django_db

CPF = "529.982.247-25"
EMAIL = "ana@example.com"


def asking(**config: Any) -> Document:
    """A CPF that is kept for a while, an e-mail that is kept, and a goodbye that repeats both."""
    return a_flow(
        [
            a_question(
                "cpf",
                "Seu CPF?",
                config={"save_as": "cpf", "purpose": "Nota fiscal", "retention_days": 30, **config},
                next="email",
            ),
            a_question("email", "Seu e-mail?", config={"save_as": "email"}, next="bye"),
            a_question("bye", "CPF {{cpf}}, e-mail {{email}}. Certo?", next="end"),
            an_access("end"),
        ]
    )


def answered(bot: Bot, *texts: str) -> Person:
    person = Person(bot)
    person.start()
    drain()
    for text in texts:
        person.say(text)
        drain()
    return person


def ten_days_pass() -> None:
    """For the answers there are: the drain's clock is the database's, and nobody turns that."""
    KeptAnswer.unscoped.update(due_at=F("due_at") - timedelta(days=10))


def erase_in(days: float) -> int:
    return erasing.erase_due(timezone.now() + timedelta(days=days))


def everything_of(person: Person) -> str:
    """Every place where an answer could lie, as one text."""
    conversation = Conversation.unscoped.get(bot=person.bot, telegram_user_id=person.telegram_user_id)
    rows: list[Any] = list(Run.unscoped.filter(conversation=conversation).values_list("state", flat=True))
    rows += Contact.unscoped.filter(pk=conversation.contact_id).values_list("variables", flat=True)
    rows += Message.unscoped.filter(conversation_id=conversation.pk).values_list("text", "payload")
    events = InboxEvent.unscoped.filter(bot_id=person.bot.pk, telegram_user_id=person.telegram_user_id)
    rows += [bytes(payload).decode() for payload in events.values_list("payload", flat=True)]
    sent = OutboxMessage.unscoped.filter(ordering_key=f"{person.bot.pk}:{person.telegram_user_id}")
    rows += sent.values_list("payload", flat=True)
    return repr(rows)


@pytest.fixture
def bot() -> Bot:
    bot = make_bot()
    publish(bot, asking())
    return bot


def test_an_answer_is_noted_with_its_purpose_and_its_end(bot: Bot) -> None:
    person = answered(bot, CPF, EMAIL)

    (kept,) = KeptAnswer.unscoped.all()
    assert (kept.step_id, kept.variable, kept.purpose, kept.accepted) == ("cpf", "cpf", "Nota fiscal", True)
    assert kept.due_at == kept.answered_at + timedelta(days=30)
    assert kept.run_id == person.top.pk
    assert Message.unscoped.get(pk=kept.message_id).text == CPF
    assert CPF in bytes(InboxEvent.unscoped.get(pk=kept.inbox_event_id).payload).decode()


def test_nothing_is_erased_before_its_time(bot: Bot) -> None:
    person = answered(bot, CPF, EMAIL)
    before = everything_of(person)

    assert erase_in(29.9) == 0

    assert everything_of(person) == before


def test_an_answer_is_erased_wherever_it_lies_and_the_others_stay(bot: Bot) -> None:
    person = answered(bot, CPF, EMAIL)
    OutboxMessage.unscoped.update(state=MessageState.DONE)
    Contact.unscoped.update(variables={"documento": CPF, "cidade": "Recife"})
    assert CPF in everything_of(person)

    assert erase_in(31) == 1

    left = everything_of(person)
    assert CPF not in left
    assert left.count(EMAIL) >= 3
    run = person.top
    assert run.state["variables"] == {"email": EMAIL}
    assert run.state["last_input"] == EMAIL
    assert Contact.unscoped.get().variables == {"cidade": "Recife"}
    kept = KeptAnswer.unscoped.get()
    assert kept.erased_at is not None
    assert bytes(InboxEvent.unscoped.get(pk=kept.inbox_event_id).payload) == b""
    line = Message.unscoped.get(pk=kept.message_id)
    assert (line.text, line.payload) == ("", {"erased": True})


def test_the_conversation_goes_on_after_the_erasure(bot: Bot) -> None:
    person = answered(bot, CPF, EMAIL)
    erase_in(31)

    person.say("sim")
    drain()

    assert Run.unscoped.get().status == "ended"


def test_what_waits_in_the_outbox_is_still_sent_whole(bot: Bot) -> None:
    person = answered(bot, CPF, EMAIL)

    erase_in(31)

    waiting = OutboxMessage.unscoped.filter(state=MessageState.NEW).values_list("payload", flat=True)
    assert any(CPF in repr(payload) for payload in waiting)
    assert CPF not in repr(list(Message.unscoped.values_list("text", "payload"))), person


def test_erasing_again_changes_nothing(bot: Bot) -> None:
    person = answered(bot, CPF, EMAIL)
    erase_in(31)
    before = everything_of(person)

    assert erase_in(32) == 0
    assert everything_of(person) == before


def test_an_answer_that_was_not_accepted_is_erased_too() -> None:
    bot = make_bot()
    condition = {"type": "text_validation", "validation": "cpf", "target_step": "end"}
    step = a_question("cpf", "CPF?", config={"save_as": "cpf", "retention_days": 1}, conditions=[condition])
    publish(bot, a_flow([step, an_access("end")]))
    person = answered(bot, "529.982.247-99", CPF)

    assert erase_in(2) == 2

    assert [kept.accepted for kept in KeptAnswer.unscoped.order_by("id")] == [False, True]
    assert "529.982.247" not in everything_of(person)


def test_an_answer_given_anew_stays_until_its_own_time() -> None:
    bot = make_bot()
    steps = [
        a_question("cpf", "CPF?", config={"save_as": "cpf", "retention_days": 30}, next="more"),
        a_question("more", "Mais um?", next="cpf"),
    ]
    publish(bot, a_flow([*steps, an_access("end")], allow_loops=True))
    person = answered(bot, CPF, "sim")
    ten_days_pass()
    person.say("111.444.777-35")
    drain()

    assert erase_in(25) == 1
    assert person.top.state["variables"] == {"cpf": "111.444.777-35"}
    assert CPF not in everything_of(person)
    assert erase_in(31) == 1
    assert person.top.state["variables"] == {}


def test_an_answer_saved_as_the_contacts_is_erased_there() -> None:
    bot = make_bot()
    publish(bot, asking(save_as="contact.cpf"))
    person = answered(bot, "12345", EMAIL)
    assert Contact.unscoped.get().variables == {"cpf": "12345"}

    erase_in(31)

    assert Contact.unscoped.get().variables == {}
    assert "12345" not in everything_of(person)


def test_a_purpose_without_an_end_is_noted_and_never_due() -> None:
    bot = make_bot()
    publish(bot, asking(retention_days=None))
    person = answered(bot, CPF)

    assert erase_in(10_000) == 0

    assert KeptAnswer.unscoped.get().due_at is None
    assert CPF in everything_of(person)


def test_other_people_keep_the_same_words(bot: Bot) -> None:
    first = answered(bot, CPF, EMAIL)
    ten_days_pass()
    second = answered(bot, CPF, EMAIL)

    assert erase_in(25) == 1

    assert first.top.state["variables"] == {"email": EMAIL}
    assert second.top.state["variables"] == {"cpf": CPF, "email": EMAIL}


def test_a_batch_costs_the_same_however_many_it_holds(bot: Bot) -> None:
    people = [answered(bot, CPF, EMAIL) for _ in range(6)]

    with expect_statements(4):
        # Claim, what repeats it, the rest, the outgoing rows of what repeats it: the next claim finds nothing.
        assert erasing.erase_due(timezone.now() + timedelta(days=31)) == 6

    assert all(CPF not in repr(person.top.state) for person in people)


def test_many_batches_erase_all(bot: Bot) -> None:
    for _ in range(5):
        answered(bot, CPF)

    assert erasing.erase_due(timezone.now() + timedelta(days=31), batch=2) == 5
    assert not KeptAnswer.unscoped.filter(erased_at=None).exists()


def test_the_record_of_an_erasure_is_kept_for_two_years(bot: Bot) -> None:
    answered(bot, CPF)
    erase_in(31)

    assert erasing.purge_records(timezone.now() + timedelta(days=700)) == 0
    assert erasing.purge_records(timezone.now() + timedelta(days=800)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_is_worked_on_is_left_for_the_next_time() -> None:
    bot = make_bot()
    publish(bot, asking())
    person = answered(bot, CPF, EMAIL)
    holder = connections.create_connection("default")
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SELECT id FROM flows_conversation FOR NO KEY UPDATE")
        assert erase_in(31) == 0
        assert person.top.state["variables"] == {"cpf": CPF, "email": EMAIL}
        holder.rollback()
    finally:
        holder.close()

    assert erase_in(31) == 1
    assert person.top.state["variables"] == {"email": EMAIL}
