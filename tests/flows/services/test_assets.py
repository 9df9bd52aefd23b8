"""Files are taken in once, put away without breaking what runs, and purged in the end."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from bots.errors import Invalid, NotFound
from bots.models import AuditEntry, Organization
from bots.services import SYSTEM
from bots.tenancy import organization_scope
from flows.catalogue import catalogue_of
from flows.engine.content import MediaType
from flows.models import Asset
from flows.selectors import asset_of, file_to_send, uses_of_assets
from flows.services import assets as service
from flows.services.assets import delete_asset, purge_assets, upload_asset
from tests.factories.assets import JPEG, MP3, PDF, make_asset
from tests.factories.flows import make_bot, make_organization, publish
from tests.support.flows import a_flow, a_message, an_access
from tests.support.races import at_once

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization()


def upload(organization: Organization, content: bytes, name: str = "capa.jpg", **options: Any) -> service.Uploaded:
    with organization_scope(organization.pk):
        return upload_asset(ContentFile(content), name=name, actor=SYSTEM, **options)


def test_a_file_is_taken_in_with_what_it_is(organization: Organization) -> None:
    made = upload(organization, JPEG, "../férias.png")

    asset = Asset.unscoped.get()
    assert (made.asset, made.is_new) == (asset, True)
    assert (asset.name, asset.kind, asset.mime, asset.size) == ("férias.jpg", "photo", "image/jpeg", len(JPEG))
    assert asset.file.name == f"assets/{organization.pk}/{asset.pk}"
    assert service.read_file(asset.file.name) == JPEG
    assert AuditEntry.unscoped.get().action == "asset.uploaded"


def test_the_same_bytes_are_the_same_asset(organization: Organization) -> None:
    first = upload(organization, JPEG)
    again = upload(organization, JPEG, "outro nome.jpg")

    assert (again.asset.pk, again.is_new) == (first.asset.pk, False)
    assert Asset.unscoped.count() == 1


def test_another_kind_and_another_organization_have_their_own(organization: Organization) -> None:
    ids = {
        upload(organization, MP3).asset.pk,
        upload(organization, MP3, kind=MediaType.VOICE).asset.pk,
        upload(make_organization("Outra"), MP3).asset.pk,
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("content", "name", "kind", "code"),
    [
        (b"", "a.jpg", None, "asset_empty"),
        (b"<script>", "a.jpg", None, "asset_content"),
        (JPEG + b"x" * 10 * 1024**2, "a.jpg", None, "asset_too_large"),
        (PDF + b"x" * 50 * 1024**2, "a.pdf", None, "asset_too_large"),
        (PDF, "a.pdf", MediaType.PHOTO, "asset_kind"),
        (JPEG, "a.jpg", MediaType.VIDEO, "asset_kind"),
    ],
)
def test_what_telegram_would_not_take_is_refused(
    organization: Organization, content: bytes, name: str, kind: MediaType | None, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        upload(organization, content, name, kind=kind)

    assert refused.value.code == code
    assert not Asset.unscoped.exists()


def test_a_large_photo_may_be_a_document(organization: Organization) -> None:
    made = upload(organization, JPEG + b"x" * 10 * 1024**2, kind=MediaType.DOCUMENT)

    assert (made.asset.kind, made.asset.mime) == ("document", "image/jpeg")


def test_a_deleted_file_is_hidden_but_sent_and_comes_back_when_uploaded_again(organization: Organization) -> None:
    asset = make_asset(organization)
    with organization_scope(organization.pk):
        delete_asset(asset.pk, actor=SYSTEM)
        with pytest.raises(NotFound):
            asset_of(asset.pk)
        with pytest.raises(NotFound):
            delete_asset(asset.pk, actor=SYSTEM)
    assert catalogue_of(organization.pk).media == {}
    assert file_to_send(organization.pk, str(asset.pk)) is not None

    again = make_asset(organization)

    assert again.pk == asset.pk
    assert catalogue_of(organization.pk).media == {str(asset.pk): MediaType.PHOTO}
    actions = [entry.action for entry in AuditEntry.unscoped.order_by("pk")]
    assert actions == ["asset.uploaded", "asset.deleted", "asset.restored"]


def test_a_file_of_another_organization_is_nobodys(organization: Organization) -> None:
    asset = make_asset(organization)
    other = make_organization("Outra")

    assert file_to_send(other.pk, str(asset.pk)) is None
    assert catalogue_of(other.pk).media == {}
    with organization_scope(other.pk), pytest.raises(NotFound):
        delete_asset(asset.pk, actor=SYSTEM)
    assert Asset.unscoped.get().deleted_at is None


def test_who_uses_a_file_is_found_wherever_it_is_named(organization: Organization) -> None:
    bot = make_bot(organization, name="Loja de cursos")
    used, free = make_asset(organization), make_asset(organization, MediaType.VOICE)
    media = {"type": "photo", "asset": str(used.pk)}
    version = publish(bot, a_flow([a_message("m", next="end", config={"media": media}), an_access("end")]))
    assert version.flow is not None
    version.flow.name = "Vendas"
    version.flow.save()
    bot.main_buttons = [{"text": "VIP", "price": "10", "access": {"media": media}}]
    bot.save()

    with organization_scope(organization.pk):
        assert uses_of_assets([used.pk, free.pk]) == {str(used.pk): ["Loja de cursos", "Vendas"]}
        # The draft lets go of it, what is published does not.
        version.flow.draft = a_flow([an_access("end")])
        version.flow.save()
        assert uses_of_assets([used.pk]) == {str(used.pk): ["Loja de cursos", "Vendas"]}
    with organization_scope(make_organization("Outra").pk):
        assert uses_of_assets([used.pk]) == {}


def test_only_what_was_deleted_long_ago_is_purged(organization: Organization) -> None:
    kept, fresh, old = (make_asset(organization, more=bytes([number])) for number in range(3))
    now = timezone.now()
    Asset.unscoped.filter(pk=fresh.pk).update(deleted_at=now - timedelta(days=179))
    Asset.unscoped.filter(pk=old.pk).update(deleted_at=now - timedelta(days=181))

    assert purge_assets() == 1
    assert purge_assets() == 0

    assert set(Asset.unscoped.values_list("pk", flat=True)) == {kept.pk, fresh.pk}
    assert [default_storage.exists(str(asset.file.name)) for asset in (kept, fresh, old)] == [True, True, False]


@committed
def test_the_same_file_uploaded_at_once_is_one_asset() -> None:
    organization = make_organization()
    ids = at_once(4, lambda _number: upload(organization, JPEG).asset.pk)

    assert len(set(ids)) == 1
    (asset,) = Asset.unscoped.all()
    _folders, files = default_storage.listdir(f"assets/{organization.pk}")
    assert files == [str(asset.pk)]
