"""Updates become events: what a person wrote, sent or pressed."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from flows.engine.events import Answered, AnswerKind, ButtonRef, Pressed, Start
from telegram_gateway.protocol import callback_data, to_event
from telegram_gateway.protocol.to_event import Sender
from tests.chaos import hostile


def read_message(**content: object) -> to_event.Reading:
    message = {name: value for name, value in hostile.MESSAGE.items() if name != "text"} | content
    return to_event.read(json.dumps({"update_id": 3, "message": message}).encode())


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", None),
        ("/start abc_1", "abc_1"),
        ("/start@my_bot  ref-9 ", "ref-9"),
        ("/START x", "x"),
        ("/start " + "y" * 80, "y" * 64),
    ],
)
def test_the_start_command_carries_its_payload(text: str, payload: str | None) -> None:
    assert read_message(text=text).event == Start(payload=payload, command=True)


@pytest.mark.parametrize("text", ["start", "/started", "/start-x", " /start", "x /start"])
def test_other_texts_are_answers(text: str) -> None:
    event = read_message(text=text).event

    assert isinstance(event, Answered)
    assert (event.kind, event.text) == (AnswerKind.TEXT, text)


def test_another_command_is_an_answer_that_names_it() -> None:
    assert read_message(text="/Menu now").event == Answered(
        kind=AnswerKind.TEXT, text="/Menu now", message_id=5, data={"command": "menu"}
    )


def test_a_photo_is_its_largest_size() -> None:
    sizes = [{"file_id": "small", "file_unique_id": "s"}, {"file_id": "large", "file_unique_id": "l"}]

    assert read_message(photo=sizes, caption="see").event == Answered(
        kind=AnswerKind.PHOTO, text="see", message_id=5, data={"file_id": "large", "file_unique_id": "l"}
    )


def test_a_document_keeps_its_name() -> None:
    event = read_message(document={"file_id": "d", "file_name": "cv.pdf", "mime_type": "application/pdf"}).event

    assert isinstance(event, Answered)
    assert event.kind is AnswerKind.DOCUMENT
    assert event.data == {"file_id": "d", "file_name": "cv.pdf", "mime_type": "application/pdf"}


@pytest.mark.parametrize(("user_id", "own"), [(hostile.USER_ID, True), (1, False), (None, False)])
def test_a_shared_contact_says_whether_it_is_the_senders_own(user_id: int | None, own: bool) -> None:
    event = read_message(contact={"phone_number": "+5511999990000", "first_name": "Ana", "user_id": user_id}).event

    assert isinstance(event, Answered)
    assert (event.kind, event.text) == (AnswerKind.CONTACT, "+5511999990000")
    assert event.data["own"] is own


def test_a_location_is_a_pair_of_degrees() -> None:
    event = read_message(location={"latitude": -23.5, "longitude": -46.6}).event

    assert event == Answered(
        kind=AnswerKind.LOCATION, text="-23.5,-46.6", message_id=5, data={"latitude": -23.5, "longitude": -46.6}
    )


@pytest.mark.parametrize("latitude", [91, True, "1", None, float("nan"), 10**40])
def test_a_place_that_is_not_on_earth_is_something_else(latitude: object) -> None:
    event = read_message(location={"latitude": latitude, "longitude": 1}).event

    assert isinstance(event, Answered)
    assert event.kind is AnswerKind.OTHER


@pytest.mark.parametrize("kind", [AnswerKind.VIDEO, AnswerKind.VOICE, AnswerKind.AUDIO])
def test_a_film_and_a_sound_are_files_of_their_kind(kind: AnswerKind) -> None:
    event = read_message(**{kind: {"file_id": "f", "duration": 3}}, caption="veja").event

    assert event == Answered(kind=kind, text="veja", message_id=5, data={"file_id": "f"})


@pytest.mark.parametrize("field", ["sticker", "video_note", "animation"])
def test_other_media_are_named(field: str) -> None:
    event = read_message(**{field: {"file_id": "f"}, "document": {"file_id": "f"}}).event

    assert isinstance(event, Answered)
    assert (event.kind, event.data) == (AnswerKind.OTHER, {"type": field, "file_id": "f"})


def test_a_service_message_moves_nothing() -> None:
    reading = read_message(pinned_message={"message_id": 1})

    assert (reading.event, reading.ignored) == (None, "service_message")


def test_the_sender_and_the_moment_are_read() -> None:
    reading = read_message(text="a\x00b")

    assert reading.sender == Sender(hostile.USER_ID, "Ana", "", "ana", "pt-br")
    assert reading.sent_at == datetime.fromtimestamp(1_760_000_000, UTC)
    assert isinstance(reading.event, Answered)
    assert reading.event.text == "ab"


def read_press(**changes: object) -> to_event.Reading:
    return to_event.read(json.dumps({"update_id": 3, "callback_query": {**hostile.PRESS, **changes}}).encode())


def test_a_press_of_our_button_carries_its_reference() -> None:
    ref = ButtonRef(run_id=uuid.uuid4(), version_id=uuid.uuid4(), ordinal=3, wait=40, index=1)
    data = callback_data.encode(ref)

    reading = read_press(data=data)

    assert reading.event == Pressed(callback_id="77", message_id=5, ref=ref, raw=data)
    assert (reading.callback_id, reading.update_id) == ("77", 3)


@pytest.mark.parametrize("data", ["start", "buy:1", "", "é" * 64])
def test_a_press_of_anything_else_has_none(data: str) -> None:
    reading = read_press(data=data)

    assert isinstance(reading.event, Pressed)
    assert reading.event.ref is None


def test_a_press_that_cannot_be_answered_is_ignored() -> None:
    reading = read_press(id=None)

    assert (reading.event, reading.ignored, reading.callback_id) == (None, "press_without_id", None)
