"""Every text, URL and price of a definition, with where it stands and what it is: one walk serves many checks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from flows.engine.content import AccessContent, MainButton, Media, MediaType, RedirectButton, UrlButton
from flows.engine.definition import FlowDocument, StepBase
from flows.engine.steps.access import AccessStep
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.deliver import DeliverStep
from flows.engine.steps.handoff import HandoffStep
from flows.engine.steps.http import HttpStep
from flows.engine.steps.message import MessageStep
from flows.engine.steps.payment import Currency, PaymentStep
from flows.engine.steps.question import QuestionStep
from flows.engine.steps.set import SetStep


class PieceKind(StrEnum):
    TEXT = "text"
    CAPTION = "caption"
    LABEL = "label"
    URL = "url"
    PRICE = "price"
    ASSET = "asset"
    CHAT = "chat"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Piece:
    """`step_id` is None for the bot's own; `html`: the text is read as HTML; `currency` is known of an amount, `media`
    (what it is sent as) of a file."""

    step_id: str | None
    field: str
    kind: PieceKind
    text: str
    html: bool = True
    currency: Currency | None = None
    media: MediaType | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A piece before it is known whose it is."""

    field: str
    kind: PieceKind
    text: str | None
    html: bool = True
    currency: Currency | None = None
    media: MediaType | None = None


def pieces_of(document: FlowDocument) -> Iterator[Piece]:
    """All pieces, the bot's first, then step by step in document order."""
    yield from _owned(None, _of_bot(document))
    for step in document.flow_steps:
        yield from _owned(step.id, of_step(step))


def _owned(step_id: str | None, found: Iterable[_Found]) -> Iterator[Piece]:
    for piece in found:
        if piece.text is not None:
            yield Piece(step_id, piece.field, piece.kind, piece.text, piece.html, piece.currency, piece.media)


def _of_bot(document: FlowDocument) -> Iterator[_Found]:
    yield _Found("welcome_message", PieceKind.TEXT, document.welcome_message)
    for index, button in enumerate(document.main_buttons):
        yield from _of_main_button(f"main_buttons.{index}", button)
    yield from _of_url_buttons("redirect_buttons", document.redirect_buttons)


def _of_main_button(field: str, button: MainButton) -> Iterator[_Found]:
    yield _Found(f"{field}.text", PieceKind.LABEL, button.text)
    yield _Found(f"{field}.url", PieceKind.URL, button.url)
    yield _Found(f"{field}.price", PieceKind.PRICE, button.price)
    yield _Found(f"{field}.description", PieceKind.TEXT, button.description)
    if button.access is not None:
        yield from _of_access(f"{field}.access", button.access)


def of_step(step: StepBase) -> Iterator[_Found]:
    match step:
        case MessageStep(config=config):
            html = config.parse_mode == "html"
            yield _Found("config.text", _kind(config.media), config.text, html)
            yield from _of_media("config.media", config.media)
            yield from _of_url_buttons("config.url_buttons", config.url_buttons)
        case ButtonsStep():
            yield from _of_buttons(step)
        case QuestionStep(config=config):
            yield _Found("config.text", _kind(config.media), config.text)
            yield _Found("config.retry_text", PieceKind.TEXT, config.retry_text)
            yield from _of_media("config.media", config.media)
        case PaymentStep(config=config):
            yield _Found("config.amount", PieceKind.PRICE, config.amount, currency=config.currency)
            # The caption of the QR image.
            yield _Found("config.text", PieceKind.CAPTION, config.text)
            yield _Found("config.description", PieceKind.LABEL, config.description)
            for index, coupon in enumerate(config.coupons):
                off = f"config.coupons.{index}.amount_off"
                yield _Found(off, PieceKind.PRICE, coupon.amount_off, currency=config.currency)
            if config.deliver is not None:
                yield from _of_access("config.deliver", config.deliver)
        case AccessStep(config=config) | DeliverStep(config=config):
            yield from _of_access("config", config)
        case SetStep():
            yield from _of_set(step)
        case HttpStep(config=config):
            yield _Found("config.url", PieceKind.URL, config.url)
            for name, value in config.headers.items():
                yield _Found(f"config.headers.{name}", PieceKind.VALUE, value, html=False)
            yield from _of_json("config.body", config.body)
        case HandoffStep(config=config):
            yield _Found("config.text", PieceKind.TEXT, config.text)
        case _:
            return


def _of_buttons(step: ButtonsStep) -> Iterator[_Found]:
    config = step.config
    yield _Found("config.text", _kind(config.media), config.text)
    yield _Found("config.retry_text", PieceKind.TEXT, config.retry_text)
    yield from _of_media("config.media", config.media)
    for index, button in enumerate(config.custom_buttons):
        field = f"config.custom_buttons.{index}"
        yield _Found(f"{field}.text", PieceKind.LABEL, button.text)
        yield _Found(f"{field}.url", PieceKind.URL, button.url)
        yield _Found(f"{field}.price", PieceKind.PRICE, button.price)
        yield _Found(f"{field}.description", PieceKind.LABEL, button.description)
        if button.bump is not None:
            yield _Found(f"{field}.bump.text", PieceKind.LABEL, button.bump.text)
            yield _Found(f"{field}.bump.price", PieceKind.PRICE, button.bump.price)


def _of_set(step: SetStep) -> Iterator[_Found]:
    for index, one in enumerate(step.config.assign):
        if isinstance(one.value, str):
            yield _Found(f"config.assign.{index}.value", PieceKind.VALUE, one.value, html=False)
    for name in ("add_tags", "remove_tags"):
        for index, tag in enumerate(getattr(step.config, name)):
            yield _Found(f"config.{name}.{index}", PieceKind.VALUE, tag, html=False)


def _of_json(field: str, value: object) -> Iterator[_Found]:
    """Every text in a JSON value: the document's own depth bounds it."""
    match value:
        case str():
            yield _Found(field, PieceKind.VALUE, value, html=False)
        case dict():
            for name, one in value.items():
                yield from _of_json(f"{field}.{name}", one)
        case list() | tuple():
            for place, one in enumerate(value):
                yield from _of_json(f"{field}.{place}", one)
        case _:
            return


def _of_access(field: str, content: AccessContent) -> Iterator[_Found]:
    # Said after the media, in a message of its own.
    yield _Found(f"{field}.text", PieceKind.TEXT, content.text)
    yield _Found(f"{field}.link", PieceKind.URL, content.link)
    yield _Found(f"{field}.chat", PieceKind.CHAT, content.chat)
    yield from _of_media(f"{field}.media", content.media)


def _of_media(field: str, media: Media | None) -> Iterator[_Found]:
    if media is not None:
        yield _Found(f"{field}.url", PieceKind.URL, media.url)
        yield _Found(f"{field}.asset", PieceKind.ASSET, media.asset, media=media.type)


def _of_url_buttons(field: str, buttons: Iterable[UrlButton | RedirectButton]) -> Iterator[_Found]:
    for index, button in enumerate(buttons):
        yield _Found(f"{field}.{index}.text", PieceKind.LABEL, button.text)
        yield _Found(f"{field}.{index}.url", PieceKind.URL, button.url)


def _kind(media: Media | None) -> PieceKind:
    return PieceKind.TEXT if media is None else PieceKind.CAPTION
