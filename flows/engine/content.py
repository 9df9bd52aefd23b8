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
    url: NotBlank | None = Field(default=None, description="A public address Telegram fetches it from.")
    asset: NotBlank | None = Field(default=None, description="The id of an uploaded file.")
    file_id: NotBlank | None = Field(default=None, description="Telegram's own id, of the same bot.")


class UrlButton(Part):
    """A button that opens a page."""

    text: NotBlank
    url: NotBlank = Field(description="http:// or https://; variables only after the host.")


class AccessMode(StrEnum):
    JOIN_REQUEST = "join_request"
    INVITE_LINK = "invite_link"


class AccessContent(Part):
    """What is given: at least one of `text`, `link`, `media`, `chat` (a connected group or channel)."""

    text: NotBlank | None = None
    link: NotBlank | None = Field(default=None, description="Said after the text.")
    media: Media | None = Field(default=None, description="Sent before the text.")
    chat: NotBlank | None = Field(default=None, description="The id of a connected group or channel.")
    mode: AccessMode = Field(default=AccessMode.JOIN_REQUEST, description="How the contact enters the chat.")
    duration_days: Annotated[Whole, Field(ge=1, le=3_650)] | None = Field(
        default=None, description="How long the access lasts; else for good."
    )


class RedirectButton(UrlButton):
    """A button of the bot's welcome that opens a page."""


class MainButton(Part):
    """A button of the bot's welcome: a product when it has a price."""

    text: NotBlank
    url: NotBlank | None = Field(default=None, description="The page it opens.")
    price: NotBlank | None = Field(default=None, description='The price as text, "29.90".')
    description: Text | None = Field(default=None, description="What is sold, or what is said where nothing is.")
    access: AccessContent | None = Field(default=None, description="What is given when it is paid.")
