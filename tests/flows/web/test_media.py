"""The media library: uploads with clear refusals, files shown so that nothing in them can run."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bots.models import Role
from flows.engine.content import MediaType
from flows.models import Asset
from tests.factories.assets import JPEG, SAMPLES, make_asset
from tests.factories.bots import make_membership
from tests.factories.flows import publish
from tests.support.flows import a_flow, a_message, an_access
from tests.support.pages import World, make_world, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def send(client: Client, name: str, content: bytes, *, by_script: bool = True, **fields: str) -> Any:
    headers = {"Accept": "application/json"} if by_script else {}
    form = {"file": SimpleUploadedFile(name, content), **fields}
    return client.post(reverse("media_list"), form, headers=headers)


def test_a_file_is_uploaded_by_the_script_and_by_the_bare_form(world: World, client: Client) -> None:
    by_script = send(client, "nova.jpg", JPEG + b"1")
    by_form = send(client, "outra.jpg", JPEG + b"2", by_script=False)

    assert (by_script.status_code, by_script.json()["is_new"]) == (200, True)
    assert (by_form.status_code, by_form["Location"]) == (302, reverse("media_list"))
    names = set(Asset.unscoped.filter(organization=world.organization).values_list("name", flat=True))
    assert {"nova.jpg", "outra.jpg"} <= names
    assert Asset.unscoped.get(name="nova.jpg").created_by == world.owner


def test_a_refusal_says_what_is_wrong(client: Client) -> None:
    told = send(client, "nova.jpg", b"<script>")
    page = client.get(send(client, "nova.jpg", b"<script>", by_script=False)["Location"])

    assert (told.status_code, told.json()["code"]) == (422, "asset_content")
    assert "não é o que o nome diz" in told.json()["message"]
    assert "não é o que o nome diz" in page.content.decode()
    assert client.post(reverse("media_list"), {}, headers={"Accept": "application/json"}).status_code == 422


def test_a_viewer_sees_the_library_and_changes_nothing(world: World) -> None:
    viewer = signed_in(world.viewer)

    page = viewer.get(reverse("media_list")).content.decode()
    assert world.asset.name in page
    assert 'type="file"' not in page
    assert send(viewer, "nova.jpg", JPEG).status_code == 403
    editor = signed_in(make_membership(organization=world.organization, role=Role.EDITOR).user)
    assert send(editor, "nova.jpg", JPEG + b"1").status_code == 200


def test_the_list_tells_where_a_file_is_used_and_deleting_says_so(world: World, client: Client) -> None:
    media = {"type": "photo", "asset": str(world.asset.pk)}
    publish(
        world.shop.bot, a_flow([a_message("m", next="end", config={"media": media}), an_access("end")]), active=False
    )

    page = client.get(reverse("media_list")).content.decode()

    assert "Em uso: Fluxo" in page
    assert "não podem ser publicados de novo" in page
    assert client.post(reverse("media_delete", args=[world.asset.pk])).status_code == 302
    assert world.asset.name not in client.get(reverse("media_list")).context["cards"]
    assert Asset.unscoped.get(pk=world.asset.pk).deleted_at is not None
    assert client.post(reverse("media_delete", args=[world.asset.pk])).status_code == 404


def test_search_and_kind_stay_in_the_address(world: World, client: Client) -> None:
    voice = make_asset(world.organization, MediaType.VOICE)

    def found(**asked: str) -> list[str]:
        return [card.row.name for card in client.get(reverse("media_list"), asked).context["cards"]]

    assert found() == [voice.name, world.asset.name]
    assert found(tipo="voice") == [voice.name]
    assert found(busca="CAPA") == [world.asset.name]
    assert found(tipo="nothing") == [voice.name, world.asset.name]


@pytest.mark.parametrize(
    ("kind", "content_type", "disposition"),
    [
        (MediaType.PHOTO, "image/jpeg", 'inline; filename="capa.jpg"'),
        (MediaType.ANIMATION, "image/gif", 'inline; filename="pula.gif"'),
        (MediaType.VIDEO, "video/mp4", 'inline; filename="aula.mp4"'),
        (MediaType.AUDIO, "audio/mpeg", 'inline; filename="musica.mp3"'),
        (MediaType.VOICE, "audio/ogg", 'inline; filename="oi.ogg"'),
        (MediaType.DOCUMENT, "application/octet-stream", 'attachment; filename="guia.pdf"'),
    ],
)
def test_a_file_is_served_inert(
    world: World, client: Client, kind: MediaType, content_type: str, disposition: str
) -> None:
    asset = make_asset(world.organization, kind)

    response = client.get(reverse("media_file", args=[asset.pk]))

    assert b"".join(response.streaming_content) == SAMPLES[kind][1]  # type: ignore[attr-defined]
    assert (response["Content-Type"], response["Content-Disposition"]) == (content_type, disposition)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["Content-Security-Policy"].endswith("sandbox")
    assert response["Cache-Control"] == "private, max-age=86400"


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='x'><script>alert(1)</script></svg>", b"<html><script>", b"GIF7<script>"]
)
def test_what_a_browser_could_run_is_only_ever_downloaded(world: World, client: Client, content: bytes) -> None:
    asset_id = send(client, "x.svg", content).json()["id"]

    response = client.get(reverse("media_file", args=[asset_id]))

    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="x.svg"'


def test_a_file_that_was_seen_is_not_sent_again(world: World, client: Client) -> None:
    address = reverse("media_file", args=[world.asset.pk])
    etag = client.get(address)["ETag"]

    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_files_are_for_the_members_of_their_organization(world: World) -> None:
    address = reverse("media_file", args=[world.asset.pk])

    assert signed_in(make_world("Outra").owner).get(address).status_code == 404
    assert Client().get(address).status_code == 302
