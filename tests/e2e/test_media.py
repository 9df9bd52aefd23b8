"""The media library in a browser: uploads with their progress, refusals, the picture in a test chat."""

import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bots.tenancy import organization_scope
from flows.models import Asset
from flows.services.definitions import create_flow
from tests.e2e.conftest import PHONE, Seller
from tests.support.flows import a_flow, a_message, a_question, an_access

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.processes]


def png(side: int = 64) -> bytes:
    """A teal square that a browser shows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\x00" + b"\x1f\x7a\x78" * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A picture, and what only calls itself one."""
    good, bad = tmp_path / "capa.png", tmp_path / "falsa.png"
    good.write_bytes(png())
    bad.write_bytes(b"<script>alert(1)</script>")
    return [good, bad]


def test_a_file_is_uploaded_and_shown(seller: Seller, browser: Browser, pictures: list[Path]) -> None:
    page = seller.open(browser)
    page.goto("/fluxos/midia/")
    page.set_input_files("#upload-file", pictures)
    page.get_by_role("button", name="Enviar", exact=True).click()

    uploads = page.locator("#uploads li")
    expect(uploads.nth(0)).to_contain_text("Pronto.")
    # What was refused stays to be read.
    expect(uploads.nth(1)).to_contain_text("não é o que o nome diz")
    page.reload()
    thumbnail = page.locator(".media-thumb img")
    expect(thumbnail).to_be_visible()
    assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    # Within its frame, whatever its own size.
    inner, outer = thumbnail.bounding_box(), page.locator(".media-thumb").bounding_box()
    assert inner is not None
    assert inner == outer
    assert Asset.unscoped.get(organization=seller.organization).name == "capa.png"


def test_a_file_alone_reloads_the_list(seller: Seller, browser: Browser, pictures: list[Path]) -> None:
    page = seller.open(browser, viewport=PHONE)
    page.goto("/fluxos/midia/")
    page.set_input_files("#upload-file", pictures[:1])
    page.get_by_role("button", name="Enviar", exact=True).click()

    expect(page.locator(".media-card")).to_contain_text("capa.png")
    page.get_by_role("button", name="Apagar capa.png").click()
    page.get_by_role("button", name="Apagar", exact=True).click()
    expect(page.get_by_text("Nenhum arquivo ainda")).to_be_visible()


def test_the_test_chat_shows_the_picture(seller: Seller, browser: Browser, pictures: list[Path]) -> None:
    page = seller.open(browser)
    page.goto("/fluxos/midia/")
    page.set_input_files("#upload-file", pictures[:1])
    page.get_by_role("button", name="Enviar", exact=True).click()
    expect(page.locator(".media-card")).to_be_visible()
    asset = Asset.unscoped.get(organization=seller.organization)
    media = {"type": "photo", "asset": str(asset.pk)}
    steps = [a_message("m", "A capa", next="q", config={"media": media}), a_question("q", next="end"), an_access("end")]
    with organization_scope(seller.organization.pk):
        made = create_flow(bot_id=seller.bot.pk, name="Com capa", definition=a_flow(steps))

    page.goto(f"/fluxos/{made.flow.pk}/teste/")

    picture = page.locator("#wall img.bubble-media")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    expect(page.locator("#wall")).to_contain_text("A capa")
