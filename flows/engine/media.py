"""Files that are uploaded: what they are by their first bytes, what they are called, and what each may be sent as."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flows.engine.content import MediaType

# Bot API, "Sending files": what a bot may upload.
MOST_PHOTO_BYTES: Final = 10 * 1024 * 1024
MOST_BYTES: Final = 50 * 1024 * 1024
# Every signature known here lies within so many bytes.
HEAD_BYTES: Final = 512
MAX_FILE_NAME: Final = 100

UNKNOWN_MIME: Final = "application/octet-stream"
# What a browser may show by itself. Nothing of it can run: neither HTML nor SVG is in here.
SHOWN_BY_BROWSERS: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "audio/mpeg", "audio/mp4", "audio/ogg"}
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is. `kind` is what it is sent as unless its owner says otherwise."""

    kind: MediaType
    mime: str
    extension: str = ""


_DOCUMENT: Final = Content(MediaType.DOCUMENT, UNKNOWN_MIME)
_JPEG: Final = Content(MediaType.PHOTO, "image/jpeg", ".jpg")
_PNG: Final = Content(MediaType.PHOTO, "image/png", ".png")
_WEBP: Final = Content(MediaType.PHOTO, "image/webp", ".webp")
_GIF: Final = Content(MediaType.ANIMATION, "image/gif", ".gif")
_MP4: Final = Content(MediaType.VIDEO, "video/mp4", ".mp4")
_M4A: Final = Content(MediaType.AUDIO, "audio/mp4", ".m4a")
_MP3: Final = Content(MediaType.AUDIO, "audio/mpeg", ".mp3")
_OPUS: Final = Content(MediaType.VOICE, "audio/ogg", ".ogg")
_PDF: Final = Content(MediaType.DOCUMENT, "application/pdf", ".pdf")
_ZIP: Final = Content(MediaType.DOCUMENT, "application/zip")

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"ID3", _MP3),
    (b"%PDF-", _PDF),
    # Also what office documents and e-books are: those keep the ending of their name.
    (b"PK\x03\x04", _ZIP),
)
# ISO base media brands that Telegram does not play as a video (QuickTime, HEIC, 3GPP).
_OTHER_BRANDS: Final = (b"qt  ", b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"3gp", b"3g2")

# Endings that promise a content of their own, and the contents that keep the promise.
_PROMISES: Final[Mapping[str, frozenset[str]]] = {
    ".jpg": frozenset({"image/jpeg"}),
    ".jpeg": frozenset({"image/jpeg"}),
    ".png": frozenset({"image/png"}),
    ".webp": frozenset({"image/webp"}),
    ".gif": frozenset({"image/gif"}),
    ".mp4": frozenset({"video/mp4"}),
    ".m4v": frozenset({"video/mp4"}),
    ".m4a": frozenset({"audio/mp4"}),
    ".mp3": frozenset({"audio/mpeg"}),
    ".ogg": frozenset({"audio/ogg"}),
    ".oga": frozenset({"audio/ogg"}),
    ".opus": frozenset({"audio/ogg"}),
    ".pdf": frozenset({"application/pdf"}),
}

# Uploaded as the first, it may be sent as any of these (Bot API, sendVoice: OGG with OPUS, MP3 or M4A; sendAnimation:
# GIF or H.264).
_SENT_AS: Final[Mapping[MediaType, frozenset[MediaType]]] = {
    MediaType.PHOTO: frozenset({MediaType.PHOTO, MediaType.DOCUMENT}),
    MediaType.VIDEO: frozenset({MediaType.VIDEO, MediaType.ANIMATION, MediaType.DOCUMENT}),
    MediaType.ANIMATION: frozenset({MediaType.ANIMATION, MediaType.DOCUMENT}),
    MediaType.AUDIO: frozenset({MediaType.AUDIO, MediaType.VOICE, MediaType.DOCUMENT}),
    MediaType.VOICE: frozenset({MediaType.VOICE, MediaType.DOCUMENT}),
    MediaType.DOCUMENT: frozenset({MediaType.DOCUMENT}),
}

_UNWANTED: Final = re.compile(r'[<>:"|?*\\/]')


def content_of(head: bytes, name: str = "") -> Content:
    """What a file is by its first `HEAD_BYTES`; a document of unknown content where nothing is recognised. The name
    only tells a sound from a film where both have the same beginning."""
    for beginning, content in _BEGINNINGS:
        if head.startswith(beginning):
            return content
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    if head[4:8] == b"ftyp":
        content = _of_brand(head[8:12])
        return _M4A if content is _MP4 and ending_of(name) == ".m4a" else content
    if head[:4] == b"OggS":
        return _OPUS if b"OpusHead" in head[:64] else _DOCUMENT
    return _MP3 if _begins_with_mp3_frame(head) else _DOCUMENT


def _of_brand(brand: bytes) -> Content:
    if brand in (b"M4A ", b"M4B "):
        return _M4A
    return _DOCUMENT if brand.startswith(_OTHER_BRANDS) else _MP4


def _begins_with_mp3_frame(head: bytes) -> bool:
    """An MPEG audio frame, layer III, of a bitrate and a sampling rate that exist (ISO 11172-3, 2.4.2.3)."""
    return (
        len(head) > 2
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2
        and head[2] & 0xF0 not in (0x00, 0xF0)
        and head[2] & 0x0C != 0x0C
    )


def keeps_its_promise(name: str, content: Content) -> bool:
    """Whether a file is what the ending of its name says. One that is recognised as something else only wants another
    ending; one that is nothing we know is refused."""
    return content is not _DOCUMENT or ending_of(name) not in _PROMISES


def may_be_sent_as(kind: MediaType, wanted: MediaType) -> bool:
    """Whether a file uploaded as `kind` can be sent as `wanted`."""
    return wanted in _SENT_AS[kind]


def most_bytes(kind: MediaType) -> int:
    """How large a file of this kind may be."""
    return MOST_PHOTO_BYTES if kind is MediaType.PHOTO else MOST_BYTES


def clean_file_name(name: str, content: Content) -> str:
    """The name without its folders and without what could fool a reader, ended as its content wants."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # Controls, and the marks that turn the direction of writing: "gpj.exe" must not read "exe.jpg".
    name = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in name)
    name = " ".join(_UNWANTED.sub(" ", name).split()).rstrip(". ")
    ending = ending_of(name)
    stem = name[: len(name) - len(ending)].strip(". ")
    if content.extension and content.mime not in _PROMISES.get(ending, frozenset()):
        # An unknown ending belongs to the name ("capa.v2").
        stem = stem if ending in _PROMISES else name
        ending = content.extension
    return (stem or "arquivo")[: MAX_FILE_NAME - len(ending)] + ending


def ending_of(name: str) -> str:
    """The name's ending with its dot, in small letters; empty without one that looks like one."""
    _stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot and 0 < len(ending) <= 8 and ending.isalnum() and ending.isascii() else ""
