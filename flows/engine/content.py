"""What steps send: media, URL buttons, and the content of an access."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from flows.engine.fields import NotBlank, Part, Text, Whole


class ParseMode(StrEnum):
    HTML = "html"
    NONE = "none"


class MediaType(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    ANIMATION = "animation"


class Media(Part):
    """One photo, video, audio, voice, document or animation; exactly one of `url`, `asset`, `file_id`."""

    type: MediaType
    url: NotBlank | None = None
    asset: NotBlank | None = None
    file_id: NotBlank | None = None


class UrlButton(Part):
    """A button that opens a page."""

    text: NotBlank
    url: NotBlank


class AccessMode(StrEnum):
    JOIN_REQUEST = "join_request"
    INVITE_LINK = "invite_link"


class AccessContent(Part):
    """What is given: at least one of `text`, `link`, `media`, `chat` (a connected group or channel)."""

    text: NotBlank | None = None
    link: NotBlank | None = None
    media: Media | None = None
    chat: NotBlank | None = None
    mode: AccessMode = AccessMode.JOIN_REQUEST
    duration_days: Annotated[Whole, Field(ge=1, le=3_650)] | None = None


class RedirectButton(UrlButton):
    """A button of the bot's welcome that opens a page."""


class MainButton(Part):
    """A button of the bot's welcome: a product when it has a price."""

    text: NotBlank
    url: NotBlank | None = None
    price: NotBlank | None = None
    description: Text | None = None
    access: AccessContent | None = None
