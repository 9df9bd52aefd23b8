"""Reading raw updates: where they go, and that nothing makes it raise."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegram_gateway.protocol import to_event
from telegram_gateway.protocol.updates import MAX_ID, UpdateKind, as_text, dump, load, peek, split_batch
from tests.chaos import hostile


def body(**update: object) -> bytes:
    return json.dumps({"update_id": 12, **update}).encode()


@pytest.mark.parametrize(
    ("update", "kind"),
    [
        ({"message": hostile.MESSAGE}, UpdateKind.MESSAGE),
        ({"callback_query": hostile.PRESS}, UpdateKind.CALLBACK_QUERY),
        ({"message": {**hostile.MESSAGE, "chat": {"id": -5, "type": "supergroup"}}}, UpdateKind.GROUP),
        ({"callback_query": {**hostile.PRESS, "message": {"chat": {"id": -5, "type": "group"}}}}, UpdateKind.GROUP),
        ({"message": {**hostile.MESSAGE, "successful_payment": {}}}, UpdateKind.SUCCESSFUL_PAYMENT),
        ({"pre_checkout_query": {"id": "1", "from": hostile.PERSON}}, UpdateKind.PRE_CHECKOUT_QUERY),
        ({"my_chat_member": hostile.MEMBERSHIP}, UpdateKind.MY_CHAT_MEMBER),
        (
            {"my_chat_member": {**hostile.MEMBERSHIP, "chat": {"id": -5, "type": "channel"}}},
            UpdateKind.BOT_MEMBERSHIP,
        ),
        (
            {"message": {**hostile.MESSAGE, "chat": {"id": -5, "type": "group"}, "migrate_to_chat_id": -100}},
            UpdateKind.CHAT_MIGRATED,
        ),
        ({"chat_join_request": {"from": hostile.PERSON}}, UpdateKind.CHAT_JOIN_REQUEST),
        ({"chat_member": {"from": hostile.PERSON}}, UpdateKind.CHAT_MEMBER),
        ({"edited_message": hostile.MESSAGE}, UpdateKind.EDITED_MESSAGE),
        ({"something_new": {"from": hostile.PERSON}}, UpdateKind.OTHER),
        ({}, UpdateKind.OTHER),
    ],
)
def test_tells_the_kind_of_an_update(update: dict[str, object], kind: UpdateKind) -> None:
    seen = peek(body(**update))

    assert (seen.kind, seen.update_id, seen.external_id) == (kind, 12, "12")
    assert seen.moves_a_conversation is (kind in {UpdateKind.MESSAGE, UpdateKind.CALLBACK_QUERY})


def test_what_a_bot_says_is_no_answer_of_a_person() -> None:
    said = {**hostile.MESSAGE, "from": {**hostile.PERSON, "is_bot": True}}

    assert peek(body(message=said)).kind is UpdateKind.OTHER


@pytest.mark.parametrize("author", [None, True, 1.0, "7", 0, -7, MAX_ID + 1, [], {}])
def test_an_author_that_is_no_id_moves_no_conversation(author: object) -> None:
    said = {**hostile.MESSAGE, "from": {"id": author}}

    seen = peek(body(message=said))

    assert (seen.kind, seen.telegram_user_id) == (UpdateKind.OTHER, None)


def test_an_update_without_a_usable_id_is_called_by_its_digest() -> None:
    raw = b'{"update_id": true, "message": {}}'

    seen = peek(raw)

    assert seen.kind is UpdateKind.UNREADABLE
    assert seen.external_id == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert peek(raw).external_id == seen.external_id
    assert peek(raw + b" ").external_id != seen.external_id


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(hostile.corpus()) > 1_000
    assert len(hostile.small_corpus()) >= 200


def test_reads_every_hostile_update_without_an_exception() -> None:
    for name, raw in hostile.corpus():
        seen, reading = peek(raw), to_event.read(raw)

        if seen.moves_a_conversation:
            assert seen.telegram_user_id is not None, name
            assert reading.sender is not None, name
            assert reading.sender.telegram_user_id == seen.telegram_user_id, name
        assert (reading.event is None) == (reading.ignored is not None), name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
fields = st.sampled_from(
    ["update_id", "message", "callback_query", "from", "chat", "id", "type", "text", "data", "date", "contact", "photo"]
)
update_like = st.recursive(
    json_values, lambda inner: st.dictionaries(fields, inner | st.sampled_from([1, "private"])), max_leaves=30
)


@given(update_like)
def test_reads_any_json_without_an_exception(update: object) -> None:
    raw = json.dumps(update).encode()

    peek(raw)
    to_event.read(raw)


@given(st.binary())
def test_reads_any_bytes_without_an_exception(raw: bytes) -> None:
    assert peek(raw).kind in UpdateKind
    to_event.read(raw)


@given(st.text(st.characters(codec=None)))
def test_texts_can_always_be_stored(text: str) -> None:
    clean = as_text(text)

    assert "\x00" not in clean
    assert clean.encode().decode() == clean


def test_a_batch_is_split_into_the_updates_a_webhook_would_bring() -> None:
    answer = load(b'[{"update_id": 5, "x": "\\ud800"}, {"update_id": 6}, 7]')

    polled = split_batch(answer)

    assert [update.update_id for update in polled] == [5, 6, None]
    assert [load(update.body) for update in polled] == [{"update_id": 5, "x": "\ud800"}, {"update_id": 6}, 7]
    assert split_batch({"not": "a list"}) == []


def test_an_update_too_deep_to_write_again_keeps_its_id() -> None:
    deep: object = 1
    for _ in range(5_000):
        deep = [deep]

    assert load(dump({"update_id": 9, "message": deep})) == {"update_id": 9}
