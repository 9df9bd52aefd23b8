"""Files to upload, and uploaded ones."""

from django.core.files.base import ContentFile

from bots.models import Organization
from bots.services import SYSTEM
from bots.tenancy import organization_scope
from flows.engine.content import MediaType
from flows.models import Asset
from flows.services.assets import upload_asset

# The shortest beginnings by which each kind is known.
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
GIF = b"GIF89a\x01\x00\x01\x00"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00"
MOV = b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00"
OPUS = b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead"
PDF = b"%PDF-1.7\n"

SAMPLES = {
    MediaType.PHOTO: ("capa.jpg", JPEG),
    MediaType.VIDEO: ("aula.mp4", MP4),
    MediaType.AUDIO: ("musica.mp3", MP3),
    MediaType.VOICE: ("oi.ogg", OPUS),
    MediaType.DOCUMENT: ("guia.pdf", PDF),
    MediaType.ANIMATION: ("pula.gif", GIF),
}


def make_asset(organization: Organization, kind: MediaType = MediaType.PHOTO, *, more: bytes = b"") -> Asset:
    """An uploaded file of this kind; `more` bytes make it another one."""
    name, content = SAMPLES[kind]
    with organization_scope(organization.pk):
        return upload_asset(ContentFile(content + more), name=name, actor=SYSTEM).asset
