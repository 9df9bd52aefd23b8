"""Stored calls as bubbles, and Telegram's HTML as a page may show it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.models import Asset, Direction, Message
from flows.web.chat_feed import BubbleKind, Key, Medium, Shown, asset_ids, bubbles_of
from flows.web.telegram_html import safe_html

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)


def said(*calls: dict[str, Any], message_id: int | None = None) -> Message:
    return Message(direction=Direction.OUT, payload={"calls": list(calls)}, at=NOW, telegram_message_id=message_id)


def call(method: str, **parameters: Any) -> dict[str, Any]:
    return {"method": method, "params": parameters}


def test_what_was_not_worked_off_yet_is_not_shown() -> None:
    assert bubbles_of([Message(direction=Direction.OUT, payload={"message": {}}, at=NOW, text="Oi")]) == []


def test_words_presses_and_answers_are_told_apart() -> None:
    heard = Message(direction=Direction.IN, text="<b>", payload={}, at=NOW)
    pressed = Message(direction=Direction.IN, text="Quero", payload={"pressed": "x"}, at=NOW)
    notice = said(call("answerCallbackQuery", callback_query_id="1", text="Calma"))
    silent = said(call("answerCallbackQuery", callback_query_id="1"))
    bubbles = bubbles_of([heard, pressed, notice, silent])
    assert [(bubble.kind, bubble.text) for bubble in bubbles] == [
        (BubbleKind.MINE, "&lt;b&gt;"),
        (BubbleKind.PRESS, "Quero"),
        (BubbleKind.NOTICE, "Calma"),
    ]


def test_buttons_press_open_or_copy() -> None:
    keyboard = [
        [{"text": "A", "callback_data": "a"}, {"text": "B", "url": "https://example.com"}],
        [{"text": "C", "copy_text": {"text": "code"}}],
    ]
    (bubble,) = bubbles_of([said(call("sendMessage", text="Oi", reply_markup={"inline_keyboard": keyboard}))])
    assert bubble.keys == (
        (Key("A", press="a"), Key("B", url="https://example.com")),
        (Key("C", copy="code"),),
    )


def test_a_keyboard_taken_off_is_gone_from_its_message_only() -> None:
    keys = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    first = said(call("sendMessage", text="1", reply_markup=keys), message_id=1)
    second = said(call("sendMessage", text="2", reply_markup=keys), message_id=2)
    removal = said(call("editMessageReplyMarkup", message_id=1, reply_markup={"inline_keyboard": []}))
    assert [len(bubble.keys) for bubble in bubbles_of([first, second, removal])] == [0, 1]


@pytest.mark.parametrize(
    ("address", "url", "shown"),
    [
        ("data:image/png;base64,AA", "data:image/png;base64,AA", Shown.PICTURE),
        ("data:text/html,x", "", Shown.LINK),
        ("https://example.com/a.png", "https://example.com/a.png", Shown.LINK),
        ("AgACAgFileId", "", Shown.LINK),
        ("asset:of-nobody", "", Shown.LINK),
    ],
)
def test_only_our_own_pictures_are_loaded(address: str, url: str, shown: Shown) -> None:
    (bubble,) = bubbles_of([said(call("sendPhoto", photo=address, caption="QR"))])
    assert (bubble.medium, bubble.text) == (Medium(shown, "photo", "image", url), "QR")


@pytest.mark.parametrize(
    ("kind", "mime", "shown"),
    [
        ("photo", "image/jpeg", Shown.PICTURE),
        ("video", "video/mp4", Shown.FILM),
        ("animation", "image/gif", Shown.PICTURE),
        ("animation", "video/mp4", Shown.FILM),
        ("audio", "audio/mpeg", Shown.SOUND),
        ("voice", "audio/ogg", Shown.SOUND),
        ("document", "application/pdf", Shown.LINK),
        # Sent as a file it comes as a file.
        ("document", "image/jpeg", Shown.LINK),
        # What a browser could run is never more than a download.
        ("photo", "image/svg+xml", Shown.LINK),
    ],
)
def test_uploaded_files_are_shown_by_what_they_are(kind: str, mime: str, shown: Shown) -> None:
    asset = Asset(name="arquivo", kind=kind, mime=mime)
    lines = [said(call(f"send{kind.capitalize()}", **{kind: f"asset:{asset.pk}"}))]

    assert asset_ids(lines) == {str(asset.pk)}
    (bubble,) = bubbles_of(lines, {str(asset.pk): asset})
    assert bubble.medium is not None
    assert (bubble.medium.shown, bubble.medium.name) == (shown, "arquivo")
    assert bubble.medium.url == f"/fluxos/midia/{asset.pk}/arquivo/"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("<b>bold <i>both</i></b>", "<strong>bold <em>both</em></strong>"),
        ("<b>open", "<strong>open</strong>"),
        ("</b>stray", "stray"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<img src=x onerror=alert(1)>", ""),
        ('<b onclick="x">b</b>', "<strong>b</strong>"),
        ('<a href="javascript:alert(1)">x</a>', "<span>x</span>"),
        (
            '<a href="https://example.com/?a=1&amp;b=2">x</a>',
            '<a class="link" href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">x</a>',
        ),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("<code>00020126</code>", "<code>00020126</code>"),
    ],
)
def test_only_telegrams_tags_reach_the_page(text: str, shown: str) -> None:
    assert safe_html(text) == shown


def asking(text: str, request: str) -> Message:
    keyboard = {"keyboard": [[{"text": text, request: True}]], "one_time_keyboard": True}
    return said(call("sendMessage", text="Seu telefone?", reply_markup=keyboard))


def heard(kind: str, text: str = "") -> Message:
    return Message(direction=Direction.IN, text=text, payload={"kind": kind, "data": {}}, at=NOW)


def offers(*messages: Message) -> list[Key | None]:
    return [bubble.offer for bubble in bubbles_of(messages)]


def test_an_offer_to_share_is_open_until_it_is_used_replaced_or_taken_away() -> None:
    phone, place = asking("Enviar", "request_contact"), asking("Onde", "request_location")
    plain = said(call("sendMessage", text="Ok"))
    gone = said(call("sendMessage", text="Ok", reply_markup={"remove_keyboard": True}))
    contact, location = Key("Enviar", share="contact"), Key("Onde", share="location")
    assert offers(phone) == [contact]
    assert offers(phone, heard("text", "oi"), plain) == [contact, None, None]
    assert offers(phone, heard("contact", "+55")) == [None, None]
    assert offers(phone, place) == [None, location]
    assert offers(place, gone) == [None, None]


def test_a_file_that_somebody_sent_is_shown_by_its_kind() -> None:
    (photo, document) = bubbles_of([heard("photo"), heard("document", "meu recibo")])
    assert (photo.medium and photo.medium.name, photo.text) == ("photo", "")
    assert (document.medium and document.medium.name, document.text) == ("document", "meu recibo")
    assert bubbles_of([heard("other")]) == []
