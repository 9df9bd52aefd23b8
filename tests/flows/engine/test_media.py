"""What a file is by its first bytes, what it is called, and as what it may be sent."""

import pytest

from flows.engine.content import MediaType
from flows.engine.media import UNKNOWN_MIME, clean_file_name, content_of, keeps_its_promise, may_be_sent_as, most_bytes
from tests.factories.assets import GIF, JPEG, M4A, MOV, MP3, MP4, OPUS, PDF, PNG, WEBP


@pytest.mark.parametrize(
    ("head", "kind", "mime"),
    [
        (JPEG, MediaType.PHOTO, "image/jpeg"),
        (PNG, MediaType.PHOTO, "image/png"),
        (WEBP, MediaType.PHOTO, "image/webp"),
        (GIF, MediaType.ANIMATION, "image/gif"),
        (MP4, MediaType.VIDEO, "video/mp4"),
        (MOV, MediaType.DOCUMENT, UNKNOWN_MIME),
        (M4A, MediaType.AUDIO, "audio/mp4"),
        (MP3, MediaType.AUDIO, "audio/mpeg"),
        (b"\xff\xfb\x90\x64", MediaType.AUDIO, "audio/mpeg"),
        (OPUS, MediaType.VOICE, "audio/ogg"),
        (b"OggS" + b"\x00" * 24 + b"\x01vorbis", MediaType.DOCUMENT, UNKNOWN_MIME),
        (PDF, MediaType.DOCUMENT, "application/pdf"),
        (b"PK\x03\x04", MediaType.DOCUMENT, "application/zip"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/>", MediaType.DOCUMENT, UNKNOWN_MIME),
        (b"<!doctype html><script>", MediaType.DOCUMENT, UNKNOWN_MIME),
        (b"\xff\xff\xff\xff", MediaType.DOCUMENT, UNKNOWN_MIME),
        (b"", MediaType.DOCUMENT, UNKNOWN_MIME),
        (b"\xff", MediaType.DOCUMENT, UNKNOWN_MIME),
    ],
)
def test_a_file_is_known_by_its_beginning(head: bytes, kind: MediaType, mime: str) -> None:
    content = content_of(head)
    assert (content.kind, content.mime) == (kind, mime)


def test_a_sound_in_a_films_box_is_told_by_its_name() -> None:
    assert content_of(MP4, "aula.m4a").kind is MediaType.AUDIO
    assert content_of(MP4, "aula.mp4").kind is MediaType.VIDEO


@pytest.mark.parametrize(
    ("name", "head", "keeps"),
    [
        ("a.jpg", JPEG, True),
        ("a.jpg", PNG, True),
        ("a.jpg", b"<script>", False),
        ("a.pdf", b"<script>", False),
        ("a.docx", b"PK\x03\x04", True),
        ("a.txt", b"oi", True),
        ("a", b"oi", True),
    ],
)
def test_an_ending_promises_a_content(name: str, head: bytes, keeps: bool) -> None:
    assert keeps_its_promise(name, content_of(head)) is keeps


@pytest.mark.parametrize(
    ("name", "head", "clean"),
    [
        ("capa.jpg", JPEG, "capa.jpg"),
        ("capa.JPEG", JPEG, "capa.jpeg"),
        ("capa.png", JPEG, "capa.jpg"),
        ("capa.v2", JPEG, "capa.v2.jpg"),
        ("capa", JPEG, "capa.jpg"),
        ("../../etc/passwd", b"oi", "passwd"),
        ("C:\\fotos\\praia.png", PNG, "praia.png"),
        ("a\u202egpj.exe", b"MZ", "a gpj.exe"),
        ('<b>"x"|?*\x00\n.pdf', PDF, "b x.pdf"),
        (" . ", b"oi", "arquivo"),
        ("", PDF, "arquivo.pdf"),
        (".pdf", PDF, "arquivo.pdf"),
        ("é" * 200 + ".pdf", PDF, "é" * 96 + ".pdf"),
    ],
)
def test_names_are_made_harmless(name: str, head: bytes, clean: str) -> None:
    assert clean_file_name(name, content_of(head)) == clean


def test_what_may_be_sent_as_what() -> None:
    allowed = {(kind, wanted) for kind in MediaType for wanted in MediaType if may_be_sent_as(kind, wanted)}
    own = {(kind, kind) for kind in MediaType} | {(kind, MediaType.DOCUMENT) for kind in MediaType}
    assert allowed - own == {
        (MediaType.VIDEO, MediaType.ANIMATION),
        (MediaType.AUDIO, MediaType.VOICE),
    }
    assert own <= allowed


def test_only_photos_are_small() -> None:
    megabytes = {kind: most_bytes(kind) // 1024**2 for kind in MediaType}
    assert megabytes == {kind: 10 if kind is MediaType.PHOTO else 50 for kind in MediaType}
