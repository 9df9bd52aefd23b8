"""What the product did with a person, made again from its inbox rows: exactly the same, or the first difference."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bots.models import Bot, Contact
from bots.outbox.models import OutboxMessage
from bots.tenancy import organization_scope
from flows.models import InboxEvent, Run, TimelineEntry
from flows.services.replaying import CannotReplay, Replay, replay_run
from payments.services.sandbox import Act
from tests.support.fake_telegram import Chat
from tests.support.world import World


def replayed(world: World, run: Run) -> Replay:
    with organization_scope(world.organization.pk):
        return replay_run(run.pk)


def check_same(world: World, chat: Chat) -> None:
    for run in world.runs_of(chat):
        replay = replayed(world, run)
        assert replay.mismatch is None, (run.pk, replay.mismatch)
        assert replay.entries == TimelineEntry.unscoped.filter(run_id=run.pk).count()
        assert replay.messages == OutboxMessage.unscoped.filter(key__startswith=f"{run.pk}:").count() > 0


def test_a_purchase_is_the_same(world: World) -> None:
    ana = world.person(1)
    world.to_the_charge(ana)
    world.pay(ana)
    check_same(world, ana)


def test_wrong_answers_stale_presses_and_text_that_moves_nothing_are_the_same(world: World) -> None:
    ana = world.person(2)
    world.say(ana, "/start")
    world.press(ana, "Quero entrar")
    world.press(ana, "Quero entrar")
    world.say(ana, "nada")
    world.say(ana, "ana@example.com")
    world.say(ana, "já vou")
    world.press(ana, "Já paguei")
    world.press(ana, "Agora não")
    check_same(world, ana)


def test_a_run_that_money_brings_back_over_another_is_the_same_and_so_is_the_other(world: World) -> None:
    ana = world.person(3)
    world.to_the_charge(ana)
    world.change(welcome_message="Outra")
    world.say(ana, "/start")
    world.pay(ana, Act.PAY_LATE)
    world.press(ana, "Só olhando")
    assert len(world.runs_of(ana)) == 2
    check_same(world, ana)


def test_what_changed_between_two_events_is_as_it_was(world: World) -> None:
    ana = world.person(4)
    world.say(ana, "/start")
    Bot.unscoped.update(texts={"pay": {"pt-br": "Pague {{payment.price}}"}})
    Contact.unscoped.update(variables={"cidade": "Recife"}, tags=["vip"])
    world.press(ana, "Quero entrar")
    world.say(ana, "ana@example.com")
    Bot.unscoped.update(texts={}, name="Outro nome")
    Contact.unscoped.update(variables={}, tags=[], first_name="Outra")
    check_same(world, ana)


Tamper = Callable[[Run], None]


def another_payload(run: Run) -> None:
    rows = InboxEvent.unscoped.filter(telegram_user_id=run.contact.telegram_user_id)
    row = next(row for row in rows if b"ana@example.com" in bytes(row.payload))
    InboxEvent.unscoped.filter(pk=row.pk).update(payload=bytes(row.payload).replace(b"ana@", b"bia@"))


def another_state(run: Run) -> None:
    Run.unscoped.filter(pk=run.pk).update(state={**run.state, "variables": {"email": "eu@example.com"}})


def another_entry(run: Run) -> None:
    entry = TimelineEntry.unscoped.filter(run_id=run.pk, kind="paid").get()
    TimelineEntry.unscoped.filter(pk=entry.pk).update(data={**entry.data, "amount_minor": 1})


def a_missing_entry(run: Run) -> None:
    TimelineEntry.unscoped.filter(run_id=run.pk, kind="paid").delete()


def another_message(run: Run) -> None:
    message = OutboxMessage.unscoped.filter(key__startswith=f"{run.pk}:", topic="payment.request").get()
    message.payload["effect"]["amount_minor"] = 1
    OutboxMessage.unscoped.filter(pk=message.pk).update(payload=message.payload)


def a_message_more(run: Run) -> None:
    message = OutboxMessage.unscoped.filter(key__startswith=f"{run.pk}:1:").first()
    assert message is not None
    OutboxMessage.unscoped.filter(pk=message.pk).update(key=f"{run.pk}:1:77")


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "what the person wrote": (another_payload, "outbox "),
    "the state": (another_state, "run state"),
    "a line of the timeline": (another_entry, "timeline entry "),
    "a line less": (a_missing_entry, "timeline entry "),
    "what was asked of the gateway": (another_message, "outbox "),
    "a message more": (a_message_more, "outbox "),
}


def test_whatever_was_tampered_with_is_found(world: World) -> None:
    for number, (name, (tamper, what)) in enumerate(TAMPERED.items(), start=10):
        ana = world.person(number)
        world.to_the_charge(ana)
        world.pay(ana)
        (run,) = world.runs_of(ana)
        assert replayed(world, run).mismatch is None, name
        tamper(run)
        mismatch = replayed(world, run).mismatch
        assert mismatch is not None, name
        assert mismatch.what.startswith(what), (name, mismatch)
        assert mismatch.stored != mismatch.replayed


def command(run_id: Any) -> str:
    out = io.StringIO()
    call_command("replay_run", str(run_id), stdout=out)
    return out.getvalue()


def test_the_command_says_so_and_its_exit_code_tells(world: World) -> None:
    ana = world.person(30)
    world.to_the_charge(ana)
    world.pay(ana)
    (run,) = world.runs_of(ana)
    assert command(run.pk).startswith("The same: ")
    another_state(run)
    with pytest.raises(CommandError, match="first at run state") as differs:
        command(run.pk)
    assert differs.value.returncode == 1
    InboxEvent.unscoped.filter(telegram_user_id=30).order_by("id").first().delete()  # type: ignore[union-attr]
    with pytest.raises(CommandError, match="not kept any more") as gone:
        command(run.pk)
    assert gone.value.returncode == 2
    with pytest.raises(CommandError, match="There is no run"):
        command(world.bot.pk)


def test_what_began_before_the_journal_was_kept_cannot_be_replayed(world: World) -> None:
    ana = world.person(31)
    world.say(ana, "/start")
    InboxEvent.unscoped.update(journal=None)
    (run,) = world.runs_of(ana)
    with pytest.raises(CannotReplay, match="before the journal"):
        replayed(world, run)
