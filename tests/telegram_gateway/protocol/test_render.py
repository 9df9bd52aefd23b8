"""Messages become Bot API calls that Telegram will take."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from flows.engine.effects import AnswerPress, OutButton, OutMedia, OutMediaType, OutMessage, ParseMode
from flows.engine.events import AnswerKind, ButtonRef
from telegram_gateway.protocol import limits
from telegram_gateway.protocol.files import SentFile, sent_file
from telegram_gateway.protocol.render import (
    AssetRef,
    Manner,
    Upload,
    by_id,
    inline_keyboard,
    render,
    render_keyboard_removal,
    render_press_answer,
    with_file,
)

REF = ButtonRef(run_id=uuid.UUID(int=1), version_id=uuid.UUID(int=2), ordinal=1, wait=2, index=0)
BUTTONS = ((OutButton("Yes", ref=REF), OutButton("Site", url="https://example.com")),)
KEYBOARD = {
    "inline_keyboard": [
        [
            {"text": "Yes", "callback_data": "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAg1.2.0"},
            {"text": "Site", "url": "https://example.com"},
        ]
    ]
}
BR_CODE = "00020126580014br.gov.bcb.pix0136" + "a" * 60 + "6304ABCD"


def test_a_text_with_buttons() -> None:
    (call,) = render(OutMessage("Hi <b>you</b>", ParseMode.HTML, buttons=BUTTONS), 7)

    assert call.dump() == {
        "method": "sendMessage",
        "params": {"text": "Hi <b>you</b>", "parse_mode": "HTML", "chat_id": 7, "reply_markup": KEYBOARD},
    }


def test_options_of_a_plain_text() -> None:
    (call,) = render(OutMessage("a < b", link_preview=False, protect_content=True), 7)

    assert call.parameters == {
        "text": "a < b",
        "chat_id": 7,
        "link_preview_options": {"is_disabled": True},
        "protect_content": True,
    }


def test_markup_is_dropped_where_it_could_not_be_parsed() -> None:
    (call,) = render(OutMessage("1 &lt; <b>2</b> & <i>3", ParseMode.HTML), 7, Manner(plain=True))

    assert call.parameters == {"text": "1 < 2 & 3", "chat_id": 7}


@pytest.mark.parametrize("kind", OutMediaType)
def test_a_medium_carries_its_caption_and_buttons(kind: OutMediaType) -> None:
    message = OutMessage("see", media=OutMedia(kind, url="https://example.com/a"), buttons=BUTTONS)

    (call,) = render(message, 7)

    assert call.method == f"send{kind.value.capitalize()}"
    assert call.parameters == {
        kind.value: "https://example.com/a",
        "caption": "see",
        "chat_id": 7,
        "reply_markup": KEYBOARD,
    }
    assert call.carries_media


def test_a_text_too_long_for_a_caption_follows_its_medium_and_takes_the_buttons() -> None:
    text = "x" * (limits.CAPTION_LENGTH + 1)
    message = OutMessage(text, media=OutMedia(OutMediaType.PHOTO, file_id="F"), buttons=BUTTONS)

    photo, words = render(message, 7)

    assert photo.parameters == {"photo": "F", "chat_id": 7}
    assert words.parameters == {"text": text, "chat_id": 7, "reply_markup": KEYBOARD}


def test_markup_does_not_count_towards_a_captions_length() -> None:
    text = "<b>" + "x" * limits.CAPTION_LENGTH + "</b>&"

    calls = render(OutMessage(text[:-1], ParseMode.HTML, media=OutMedia(OutMediaType.PHOTO, file_id="F")), 7)

    assert [call.method for call in calls] == ["sendPhoto"]


def test_a_br_code_is_drawn() -> None:
    (call,) = render(OutMessage("Pay", qr=BR_CODE), 7)

    assert (call.method, call.parameters) == ("sendPhoto", {"caption": "Pay", "chat_id": 7})
    assert call.upload is not None
    assert (call.upload.parameter, call.upload.content[:8]) == ("photo", b"\x89PNG\r\n\x1a\n")
    assert call.dump()["params"]["photo"].startswith("data:image/png;base64,iVBORw0KGgo")


def test_a_code_that_fits_no_image_leaves_the_text() -> None:
    (call,) = render(OutMessage("Pay", qr="x" * 4_000), 7)

    assert call.parameters == {"text": "Pay", "chat_id": 7}


def test_a_text_too_long_is_split_at_a_word_and_the_buttons_are_on_the_last_part() -> None:
    text = "<i>" + "word " * 1_200 + "</i>"

    calls = render(OutMessage(text, ParseMode.HTML, buttons=BUTTONS), 7)

    assert [limits.utf16_length(call.parameters["text"]) <= limits.TEXT_LENGTH for call in calls] == [True, True]
    assert "".join(call.parameters["text"] + " " for call in calls).split() == ["word"] * 1_200
    assert ["reply_markup" in call.parameters for call in calls] == [False, True]
    assert all("parse_mode" not in call.parameters for call in calls)


def test_an_emoji_counts_two() -> None:
    calls = render(OutMessage("😀" * 2_049), 7)

    assert [len(call.parameters["text"]) for call in calls] == [2_048, 1]


@pytest.mark.parametrize("text", ["", "  \n", None])
def test_nothing_to_show_is_no_call(text: str | None) -> None:
    assert render(OutMessage(text), 7) == ()


def test_buttons_of_every_kind() -> None:
    buttons = ((OutButton("Go", begin=True), OutButton("Copy", copy_text="abc")),)

    assert inline_keyboard(buttons) == [
        [{"text": "Go", "callback_data": "start"}, {"text": "Copy", "copy_text": {"text": "abc"}}]
    ]


@pytest.mark.parametrize(
    "button", [OutButton(" ", begin=True), OutButton("Copy", copy_text="x" * 257), OutButton("Nowhere")]
)
def test_buttons_that_telegram_would_refuse_are_left_out(button: OutButton) -> None:
    assert inline_keyboard(((button,), (OutButton("Go", begin=True),))) == [[{"text": "Go", "callback_data": "start"}]]


def test_wide_rows_are_folded_and_a_message_has_at_most_a_hundred_buttons() -> None:
    rows = tuple(tuple(OutButton(f"{row}-{n}", begin=True) for n in range(12)) for row in range(10))

    keyboard = inline_keyboard(rows)

    assert [len(row) for row in keyboard] == [8, 4] * 8 + [4]
    assert keyboard[-1][-1]["text"] == "8-3"


def test_a_notice_is_cut_to_what_telegram_shows() -> None:
    call = render_press_answer(AnswerPress("77", text="x" * 300, alert=True))

    assert call.parameters == {"callback_query_id": "77", "text": "x" * 200, "show_alert": True}
    assert render_press_answer(AnswerPress("77")).parameters == {"callback_query_id": "77"}


def test_buttons_are_taken_off() -> None:
    call = render_keyboard_removal(7, 9)

    assert (call.method, call.parameters) == (
        "editMessageReplyMarkup",
        {"chat_id": 7, "message_id": 9, "reply_markup": {"inline_keyboard": []}},
    )


@pytest.mark.parametrize("kind", OutMediaType)
def test_a_file_of_ours_goes_by_its_id_or_whole(kind: OutMediaType) -> None:
    (call,) = render(OutMessage("see", media=OutMedia(kind, asset="A1")), 7)
    upload = Upload(kind.value, "a.bin", "application/octet-stream", b"abc")

    again = by_id(call, SentFile(kind, "F9", "u9"))
    first = with_file(call, upload)

    assert call.asset == AssetRef("A1", kind)
    assert call.dump()["params"][kind.value] == "asset:A1"
    assert (again.method, again.asset) == (call.method, None)
    assert again.parameters == {"caption": "see", "chat_id": 7, kind.value: "F9"}
    assert (first.upload, first.asset, first.parameters) == (upload, None, {"caption": "see", "chat_id": 7})


def test_a_file_goes_as_what_telegram_made_of_it() -> None:
    (call,) = render(OutMessage(None, media=OutMedia(OutMediaType.VIDEO, asset="A1")), 7)

    again = by_id(call, SentFile(OutMediaType.ANIMATION, "F9", "u9"))

    assert (again.method, again.parameters) == ("sendAnimation", {"chat_id": 7, "animation": "F9"})


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (OutMessage("A <b>b</b>", ParseMode.HTML), "A <b>b</b>\nhttps://example.com/a?b=1&amp;c=2"),
        (OutMessage("a < b"), "a < b\nhttps://example.com/a?b=1&c=2"),
        (OutMessage(None), "https://example.com/a?b=1&c=2"),
    ],
)
def test_without_its_medium_a_message_keeps_the_address(message: OutMessage, text: str) -> None:
    media = OutMedia(OutMediaType.PHOTO, url="https://example.com/a?b=1&c=2")
    shown = replace(message, media=media, buttons=BUTTONS)

    (call,) = render(shown, 7, Manner(without_media=True))

    assert (call.method, call.parameters["text"], call.parameters["reply_markup"]) == ("sendMessage", text, KEYBOARD)


@pytest.mark.parametrize("media", [OutMedia(OutMediaType.VIDEO, asset="A1"), OutMedia(OutMediaType.VIDEO, file_id="F")])
def test_without_its_medium_nothing_may_be_left(media: OutMedia) -> None:
    assert render(OutMessage(None, media=media), 7, Manner(without_media=True)) == ()
    (call,) = render(OutMessage("see", media=media), 7, Manner(without_media=True))
    assert call.parameters == {"text": "see", "chat_id": 7}


def test_the_id_is_read_from_the_answer() -> None:
    small, large = {"file_id": "s", "file_unique_id": "1"}, {"file_id": "l", "file_unique_id": "2"}

    assert sent_file({"photo": [small, large]}, OutMediaType.PHOTO) == SentFile(OutMediaType.PHOTO, "l", "2")
    assert sent_file({"document": small}, OutMediaType.DOCUMENT) == SentFile(OutMediaType.DOCUMENT, "s", "1")
    # A GIF sent as an animation is told twice, a film without sound is an animation.
    both = {"animation": small, "document": small}
    assert sent_file(both, OutMediaType.VIDEO) == SentFile(OutMediaType.ANIMATION, "s", "1")
    odds: list[dict[str, Any]] = [
        {},
        {"photo": []},
        {"video": "x"},
        {"video": {"file_id": 7}},
        {"video": {"file_id": ""}},
    ]
    for odd in odds:
        assert sent_file(odd, OutMediaType.VIDEO) is None


@pytest.mark.parametrize(
    ("kind", "wanted"), [(AnswerKind.CONTACT, "request_contact"), (AnswerKind.LOCATION, "request_location")]
)
def test_an_offer_to_share_is_telegrams_own_keyboard(kind: AnswerKind, wanted: str) -> None:
    (call,) = render(OutMessage("Telefone?", ask=kind, ask_label="Enviar"), 7)

    assert call.parameters["reply_markup"] == {
        "keyboard": [[{"text": "Enviar", wanted: True}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


def test_the_offer_stands_under_the_last_of_several_calls() -> None:
    calls = render(OutMessage("a" * 5_000, ask=AnswerKind.CONTACT, ask_label="Enviar"), 7)

    assert ["reply_markup" in call.parameters for call in calls] == [False, True]


def test_an_offer_made_before_is_taken_away() -> None:
    (call,) = render(OutMessage("Obrigado!", unask=AnswerKind.CONTACT), 7)

    assert call.parameters["reply_markup"] == {"remove_keyboard": True}


def test_buttons_of_the_message_itself_come_first() -> None:
    """A message has one keyboard (Bot API, reply_markup); the engine waits for one that has none."""
    buttons = ((OutButton("Go", begin=True),),)
    (call,) = render(OutMessage("Oi", buttons=buttons, unask=AnswerKind.CONTACT), 7)

    assert list(call.parameters["reply_markup"]) == ["inline_keyboard"]


@pytest.mark.parametrize("kind", [kind for kind in AnswerKind if kind not in (AnswerKind.CONTACT, AnswerKind.LOCATION)])
def test_what_telegram_has_no_key_for_is_not_offered(kind: AnswerKind) -> None:
    (call,) = render(OutMessage("Foto?", ask=kind), 7)

    assert "reply_markup" not in call.parameters
