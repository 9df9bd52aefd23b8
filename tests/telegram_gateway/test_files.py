"""Uploaded files on their way to Telegram: once per bot, by id ever after, and what happens where Telegram says no."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from threading import Thread

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from bots.ids import uuid7
from bots.models import Bot, Channel
from bots.outbox import relay
from bots.outbox.models import MessageState, OutboxAttempt, OutboxMessage
from bots.outbox.publish import NewMessage, publish
from bots.services import SYSTEM
from bots.tenancy import no_scope, organization_scope
from flows.engine.content import MediaType
from flows.engine.effects import OutButton, OutMedia, OutMediaType, OutMessage, ParseMode, Say
from flows.models import Asset, Message, Run, TimelineEntry
from flows.services.assets import delete_asset
from flows.topics import MESSAGE_SEND, Envelope
from telegram_gateway import files
from telegram_gateway.models import TelegramFile
from telegram_gateway.protocol.files import SentFile
from telegram_gateway.selectors import sending_bots
from tests.factories.assets import SAMPLES, make_asset
from tests.factories.flows import Person, drain
from tests.factories.flows import publish as publish_flow
from tests.support.fake_telegram import Call, FakeTelegram, refuse
from tests.support.flows import a_flow, an_access
from tests.telegram_gateway.conftest import MakeBot

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_USER = 800_000_000
SEND_METHODS = {kind: f"send{kind.value.capitalize()}" for kind in OutMediaType}


def envelope_of(bot: Bot, message: OutMessage, user_id: int, *, run_id: uuid.UUID, channel: Channel) -> Envelope:
    return Envelope(
        organization_id=bot.organization_id,
        bot_id=bot.id,
        contact_id=uuid7(),
        conversation_id=uuid7(),
        telegram_user_id=user_id,
        channel=channel,
        run_id=run_id,
        version_id=uuid7(),
        effect=Say(message),
    )


def send(
    bot: Bot,
    message: OutMessage,
    *,
    people: int = 1,
    run_id: uuid.UUID | None = None,
    channel: Channel = Channel.TELEGRAM,
) -> list[uuid.UUID]:
    """Publishes the message to so many people, as drains do, with a line in each transcript."""
    rows = []
    for user_id in range(FIRST_USER, FIRST_USER + people):
        envelope = envelope_of(bot, message, user_id, run_id=run_id or uuid7(), channel=channel)
        line = Message(
            organization_id=bot.organization_id,
            bot_id=bot.id,
            conversation_id=envelope.conversation_id,
            direction="out",
            text=message.text or "",
            at=timezone.now(),
        )
        line.save(force_insert=True)
        rows.append(
            NewMessage(
                topic=MESSAGE_SEND,
                key=str(uuid7()),
                organization_id=bot.organization_id,
                bot_id=bot.id,
                ordering_key=f"{bot.id}:{user_id}",
                payload=envelope.dump(),
                id=line.pk,
            )
        )
    with no_scope(reason="a test"), transaction.atomic():
        publish(rows)
    return [row.id for row in rows if row.id]


def relay_all(*, rounds: int = 20) -> None:
    """Until nothing waits, with what was held back due at once."""
    for _ in range(rounds):
        OutboxMessage.unscoped.filter(state=MessageState.NEW).update(due_at=timezone.now() - timedelta(seconds=1))
        if not relay.run_once():
            return
    raise AssertionError("something waits for ever")


def picture(asset: Asset, text: str | None = "Olá", **options: object) -> OutMessage:
    return OutMessage(text, media=OutMedia(OutMediaType.PHOTO, asset=str(asset.pk)), **options)  # type: ignore[arg-type]


def uploads(telegram: FakeTelegram) -> list[Call]:
    return [call for call in telegram.attempts() if call.files]


def states(ids: Sequence[uuid.UUID]) -> set[str]:
    return set(OutboxMessage.unscoped.filter(pk__in=ids).values_list("state", flat=True))


@pytest.fixture
def asset(bot: Bot) -> Asset:
    return make_asset(bot.organization)


@pytest.mark.parametrize("kind", OutMediaType)
def test_a_file_of_each_kind_is_sent_whole_and_then_by_its_id(
    telegram: FakeTelegram, bot: Bot, kind: OutMediaType
) -> None:
    asset = make_asset(bot.organization, MediaType(kind))
    message = OutMessage("veja", media=OutMedia(kind, asset=str(asset.pk)))

    ids = send(bot, message) + send(bot, message)
    relay_all()

    first, second = telegram.sent_to(FIRST_USER)
    assert (first.method, first.files, first.text) == (
        SEND_METHODS[kind],
        {kind.value: SAMPLES[MediaType(kind)][1]},
        "veja",
    )
    assert (second.method, second.files, second.text) == (SEND_METHODS[kind], {}, "veja")
    row = TelegramFile.unscoped.get()
    assert second.parameters[kind.value] == row.file_id == "file-1"
    assert (row.kind, row.sent_as, row.asset_id, row.bot_id) == (kind.value, kind.value, asset.pk, bot.pk)
    assert states(ids) == {MessageState.DONE}


def test_a_hundred_people_cost_one_upload(telegram: FakeTelegram, bot: Bot, asset: Asset) -> None:
    """All are claimed at once; while the first carries the file, the others are given back, which is no attempt."""
    ids = send(bot, picture(asset), people=100)

    relay_all()

    assert states(ids) == {MessageState.DONE}
    assert len(uploads(telegram)) == 1
    by_id = [call for call in telegram.accepted("sendPhoto") if call.parameters.get("photo") == "file-1"]
    assert len(by_id) == 99
    assert {call.chat_id for call in telegram.accepted("sendPhoto")} == set(range(FIRST_USER, FIRST_USER + 100))
    assert OutboxAttempt.unscoped.filter(message_id__in=ids).count() == 100
    assert TelegramFile.unscoped.count() == 1


def test_without_the_wait_everybody_in_flight_uploads(
    telegram: FakeTelegram, bot: Bot, asset: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: what the guard is for."""
    telegram.latency = 0.2
    monkeypatch.setattr(files, "is_on_its_way", lambda key: False)
    send(bot, picture(asset), people=10)

    relay_all()

    assert len(uploads(telegram)) == 10


def test_another_process_knows_the_id_from_the_table(telegram: FakeTelegram, bot: Bot, asset: Asset) -> None:
    send(bot, picture(asset))
    relay_all()
    files.forget_everything()

    send(bot, picture(asset))
    relay_all()

    assert len(uploads(telegram)) == 1


def test_each_bot_has_ids_of_its_own(telegram: FakeTelegram, bot: Bot, make_bot: MakeBot, asset: Asset) -> None:
    other = make_bot()
    send(bot, picture(asset))
    send(other, picture(asset))
    relay_all()

    assert {call.token for call in uploads(telegram)} == {bot.token, other.token}
    assert set(TelegramFile.unscoped.values_list("bot_id", flat=True)) == {bot.pk, other.pk}


def test_a_token_of_another_bot_makes_another_row(
    telegram: FakeTelegram, bot: Bot, make_bot: MakeBot, asset: Asset
) -> None:
    send(bot, picture(asset))
    relay_all()
    spare = make_bot()
    spare.delete()
    bot.refresh_from_db()
    bot.token, bot.token_hash = spare.token, spare.token_hash
    bot.save()
    sending_bots.forget(bot.pk)

    send(bot, picture(asset))
    relay_all()

    assert [call.token for call in uploads(telegram)][1] == spare.token
    assert TelegramFile.unscoped.filter(bot=bot).count() == 2


def test_a_wrong_file_identifier_is_uploaded_again_once_and_seen_once(
    telegram: FakeTelegram, bot: Bot, asset: Asset
) -> None:
    send(bot, picture(asset))
    relay_all()
    telegram.files.forget(str(bot.token))

    ids = send(bot, picture(asset, "de novo"), people=20)
    relay_all()

    assert states(ids) == {MessageState.DONE}
    assert len(uploads(telegram)) == 2
    for user_id in range(FIRST_USER, FIRST_USER + 20):
        assert [call.text for call in telegram.sent_to(user_id)].count("de novo") == 1
    assert TelegramFile.unscoped.get().file_id == "file-2"
    assert not TimelineEntry.unscoped.filter(kind="problem").exists()


def test_a_newer_id_left_by_another_process_is_used_before_anything_is_uploaded(
    telegram: FakeTelegram, bot: Bot, asset: Asset
) -> None:
    send(bot, picture(asset))
    relay_all()
    telegram.files.forget(str(bot.token))
    fresh = telegram.files.take(str(bot.token), "sendPhoto", {}, uploaded=True)["photo"][-1]["file_id"]
    TelegramFile.unscoped.update(file_id=fresh)

    send(bot, picture(asset))
    relay_all()

    assert len(uploads(telegram)) == 1
    assert telegram.sent_to(FIRST_USER)[-1].parameters["photo"] == fresh


def test_a_film_without_sound_goes_on_as_the_animation_it_became(telegram: FakeTelegram, bot: Bot) -> None:
    telegram.files.silent_films = True
    film = make_asset(bot.organization, MediaType.VIDEO)
    message = OutMessage("filme", media=OutMedia(OutMediaType.VIDEO, asset=str(film.pk)))

    send(bot, message)
    relay_all()
    send(bot, message)
    relay_all()

    assert [call.method for call in telegram.sent_to(FIRST_USER)] == ["sendVideo", "sendAnimation"]
    assert len(uploads(telegram)) == 1


def test_a_deleted_file_is_still_sent_by_what_runs(telegram: FakeTelegram, bot: Bot, asset: Asset) -> None:
    with organization_scope(bot.organization_id):
        delete_asset(asset.pk, actor=SYSTEM)

    send(bot, picture(asset))
    relay_all()

    assert len(uploads(telegram)) == 1


@pytest.fixture
def run_row(bot: Bot) -> Run:
    """A run in whose timeline a problem can be told."""
    person = Person(bot)
    publish_flow(bot, a_flow([an_access("end")]))
    person.start()
    drain()
    run = Run.unscoped.get()
    OutboxMessage.unscoped.all().delete()
    return run


URL = "https://example.com/capa.jpg"


@pytest.mark.parametrize(
    ("description", "noted"),
    [
        ("Bad Request: failed to get HTTP URL content", "Failed to get http url content"),
        ("Bad Request: wrong type of the web page content", "Wrong type of the web page content"),
    ],
)
def test_an_address_telegram_cannot_fetch_becomes_a_link(
    telegram: FakeTelegram, bot: Bot, run_row: Run, description: str, noted: str
) -> None:
    telegram.fail(refuse(400, description))
    keys = ((OutButton("Ir", url="https://example.com"),),)
    message = OutMessage("<b>Olá</b>", ParseMode.HTML, OutMedia(OutMediaType.PHOTO, url=URL), buttons=keys)

    (line,) = send(bot, message, run_id=run_row.pk)
    send(bot, OutMessage("depois"))
    relay_all()

    shown = telegram.sent_to(FIRST_USER)
    assert [(call.method, call.text) for call in shown] == [
        ("sendMessage", f"<b>Olá</b>\n{URL}"),
        ("sendMessage", "depois"),
    ]
    assert shown[0].buttons == [{"text": "Ir", "url": "https://example.com"}]
    sent = OutboxMessage.unscoped.get(pk=line)
    assert (sent.state, sent.result) == (
        MessageState.DONE,
        {"message_ids": [shown[0].message_id], "without_media": True},
    )
    problem = TimelineEntry.unscoped.get(kind="problem", run_id=run_row.pk)
    assert problem.data == {"code": "media_not_sent", "error": f"bad_media: {noted}"}
    bot.refresh_from_db()
    assert bot.last_error == f"bad_media: {noted}"


def test_an_id_of_another_bot_leaves_the_text(telegram: FakeTelegram, bot: Bot, run_row: Run) -> None:
    telegram.fail(refuse(400, "Bad Request: wrong file identifier/HTTP URL specified"))

    send(bot, OutMessage("veja", media=OutMedia(OutMediaType.PHOTO, file_id="AgAC")), run_id=run_row.pk)
    relay_all()

    assert [(call.method, call.text) for call in telegram.sent_to(FIRST_USER)] == [("sendMessage", "veja")]
    assert TimelineEntry.unscoped.filter(kind="problem", run_id=run_row.pk).count() == 1


def test_a_medium_alone_that_cannot_be_sent_is_dead_told_and_in_nobodys_way(
    telegram: FakeTelegram, bot: Bot, asset: Asset, run_row: Run
) -> None:
    default_storage.delete(str(asset.file.name))

    (line,) = send(bot, picture(asset, None), run_id=run_row.pk)
    send(bot, OutMessage("depois"))
    relay_all()

    sent = OutboxMessage.unscoped.get(pk=line)
    assert (sent.state, sent.error_code) == (MessageState.DEAD, "media_refused")
    assert [call.text for call in telegram.sent_to(FIRST_USER)] == ["depois"]
    assert TimelineEntry.unscoped.get(kind="problem").data["code"] == "media_not_sent"


def test_a_storage_that_does_not_answer_is_waited_for(
    telegram: FakeTelegram, bot: Bot, asset: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(stored: str) -> bytes:
        raise ConnectionError(stored)

    with monkeypatch.context() as patch:
        patch.setattr(files, "read_file", away)
        (line,) = send(bot, picture(asset))
        relay.run_once()
    waiting = OutboxMessage.unscoped.get(pk=line)
    assert (waiting.state, waiting.last_error) == (MessageState.NEW, "not_sent: the storage does not answer")

    relay_all()

    assert states([line]) == {MessageState.DONE}


def test_a_test_chat_keeps_the_id_of_the_file(telegram: FakeTelegram, bot: Bot, asset: Asset) -> None:
    (line,) = send(bot, picture(asset), channel=Channel.SIMULATOR)
    relay_all()

    assert telegram.attempts() == []
    (call,) = Message.unscoped.get(pk=line).payload["calls"]
    assert (call["method"], call["params"]["photo"]) == ("sendPhoto", f"asset:{asset.pk}")


def test_lines_of_the_transcript_know_their_messages_at_telegram(
    telegram: FakeTelegram, bot: Bot, asset: Asset
) -> None:
    ids = send(bot, OutMessage("oi"), people=3) + send(bot, picture(asset, "x" * 1_100))
    relay_all()

    sent = {call.message_id for call in telegram.accepted("sendMessage")}
    known = dict(Message.unscoped.filter(pk__in=ids).values_list("pk", "telegram_message_id"))
    assert set(known.values()) == sent
    # The medium and its text are two messages; the line has the last, where the buttons are.
    assert known[ids[-1]] == telegram.sent_to(FIRST_USER)[-1].message_id == 3


def test_two_who_learn_an_id_at_once_leave_one_row(bot: Bot, asset: Asset) -> None:
    key = files.FileKey(bot.organization_id, bot.pk, 1, str(asset.pk), OutMediaType.PHOTO)

    def remember(file_id: str) -> None:
        try:
            files.remember(key, SentFile(OutMediaType.PHOTO, file_id, "u"))
        finally:
            connection.close()

    threads = [Thread(target=remember, args=(f"F{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert TelegramFile.unscoped.get().file_id in {f"F{number}" for number in range(4)}
