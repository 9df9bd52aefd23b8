"""The webhook: who may knock, what is stored, how many statements that costs."""

import hashlib
import json
import uuid
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bots.models import Bot
from flows.models import InboxEvent
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.protocol.limits import UPDATE_BYTES
from telegram_gateway.protocol.updates import peek
from telegram_gateway.selectors import webhook_bots
from tests.chaos import hostile
from tests.telegram_gateway.conftest import SECRET

pytestmark = pytest.mark.django_db

MESSAGE = json.dumps({"update_id": 41, "message": hostile.MESSAGE}).encode()
GROUP_MESSAGE = json.dumps(
    {"update_id": 42, "message": {**hostile.MESSAGE, "chat": {"id": -5, "type": "supergroup"}}}
).encode()


def post(bot_id: str, body: bytes = MESSAGE, *, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    response = Client().post(f"/telegram/{bot_id}/", body, content_type="application/json", headers=headers)
    return response.status_code


def statements(captured: CaptureQueriesContext) -> list[str]:
    """What was asked, without the beginnings and ends of transactions."""
    said = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in said if not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"))]


def test_stores_an_update_as_it_came(bot: Bot) -> None:
    assert post(bot.public_id) == 200

    row = InboxEvent.unscoped.get()
    assert (row.bot_id, row.organization_id, row.telegram_user_id) == (bot.id, bot.organization_id, hostile.USER_ID)
    assert (row.external_id, bytes(row.payload)) == ("41", MESSAGE)


def test_the_same_update_fifty_times_is_one_row(bot: Bot) -> None:
    assert [post(bot.public_id) for _ in range(50)] == [200] * 50

    assert InboxEvent.unscoped.count() == 1


@pytest.mark.parametrize("body", [MESSAGE, GROUP_MESSAGE])
def test_costs_two_statements_cold_and_one_warm(bot: Bot, body: bytes) -> None:
    with CaptureQueriesContext(connection) as cold:
        assert post(bot.public_id, body) == 200
    with CaptureQueriesContext(connection) as warm:
        assert post(bot.public_id, body.replace(b'"update_id": 4', b'"update_id": 5')) == 200

    assert (len(statements(cold)), len(statements(warm))) == (2, 1), statements(warm)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + " ", SECRET[:-1], SECRET.upper(), "é\x00"])
def test_a_wrong_secret_is_403(bot: Bot, secret: str | None) -> None:
    assert post(bot.public_id, secret=secret) == 403
    assert InboxEvent.unscoped.count() == 0


def test_a_bot_without_a_secret_takes_nothing(bot: Bot) -> None:
    Bot.unscoped.filter(id=bot.id).update(webhook_secret_hash="")

    assert post(bot.public_id, secret="") == 403


@pytest.mark.parametrize("public_id", ["nobody", str(uuid.UUID(int=0)), "%00", "x" * 200])
def test_an_unknown_bot_is_404(bot: Bot, public_id: str) -> None:
    assert post(public_id) == 404


def test_a_new_secret_counts_at_once(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(bot.public_id) == 200
    Bot.unscoped.filter(id=bot.id).update(webhook_secret_hash="d" * 64)

    monkeypatch.setattr("telegram_gateway.webhook.RECHECK_SECONDS", 0.0)
    assert post(bot.public_id, secret="other") == 403

    assert post(bot.public_id) == 403


def test_a_guess_does_not_cost_a_statement_each(bot: Bot) -> None:
    assert post(bot.public_id) == 200

    with CaptureQueriesContext(connection) as guesses:
        assert [post(bot.public_id, secret=f"guess-{n}") for n in range(20)] == [403] * 20

    assert statements(guesses) == []


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_another_method_is_405(bot: Bot, method: str) -> None:
    response = getattr(Client(), method)(f"/telegram/{bot.public_id}/")

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_over_one_mebibyte_is_413_and_one_mebibyte_is_not(bot: Bot) -> None:
    assert post(bot.public_id, b"x" * UPDATE_BYTES) == 200
    assert post(bot.public_id, b"x" * (UPDATE_BYTES + 1)) == 413


def test_rubbish_is_kept_under_its_digest(bot: Bot) -> None:
    rubbish = b"\x00rubbish"
    assert [post(bot.public_id, rubbish) for _ in range(2)] == [200, 200]

    row = TelegramUpdate.unscoped.get()
    assert row.external_id == f"sha256:{hashlib.sha256(rubbish).hexdigest()}"
    assert (bytes(row.body), row.kind, row.state) == (rubbish, "unreadable", UpdateState.IGNORED)
    assert InboxEvent.unscoped.count() == 0


@pytest.mark.parametrize(
    ("update", "state"),
    [
        ({"pre_checkout_query": {"id": "1", "from": hostile.PERSON}}, UpdateState.NEW),
        ({"message": {**hostile.MESSAGE, "successful_payment": {}}}, UpdateState.NEW),
        ({"chat_join_request": {"from": hostile.PERSON}}, UpdateState.NEW),
        ({"my_chat_member": hostile.MEMBERSHIP}, UpdateState.NEW),
        ({"edited_message": hostile.MESSAGE}, UpdateState.IGNORED),
        ({"message": {**hostile.MESSAGE, "chat": {"id": -5, "type": "group"}}}, UpdateState.IGNORED),
    ],
)
def test_what_moves_no_conversation_has_a_table_of_its_own(
    bot: Bot, update: dict[str, object], state: UpdateState
) -> None:
    assert post(bot.public_id, json.dumps({"update_id": 9, **update}).encode()) == 200

    assert TelegramUpdate.unscoped.get().state == state
    assert InboxEvent.unscoped.count() == 0


def test_every_hostile_update_is_taken_and_kept(bot: Bot) -> None:
    corpus = hostile.small_corpus()
    for number, (name, body) in enumerate(corpus):
        assert post(bot.public_id, hostile.with_update_id(body, 1_000 + number)) == 200, name

    seen = [peek(hostile.with_update_id(body, 1_000 + number)) for number, (_, body) in enumerate(corpus)]
    assert len(corpus) >= 200
    assert InboxEvent.unscoped.count() == len({each.external_id for each in seen if each.moves_a_conversation})
    assert TelegramUpdate.unscoped.count() == len({each.external_id for each in seen if not each.moves_a_conversation})


def test_a_database_that_is_away_is_503(bot: Bot) -> None:
    with patch("telegram_gateway.services.post_raw_update", side_effect=OperationalError("gone")):
        response = Client().post(
            f"/telegram/{bot.public_id}/",
            MESSAGE,
            content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
        )

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


@pytest.mark.django_db(transaction=True)
def test_a_bot_deleted_a_moment_ago_is_404(bot: Bot) -> None:
    assert post(bot.public_id) == 200
    Bot.unscoped.filter(id=bot.id).delete()

    assert post(bot.public_id, GROUP_MESSAGE) == 404
    assert webhook_bots.cached(bot.public_id) is None
