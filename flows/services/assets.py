"""Uploaded files: taken in, put away, purged. The storage may be far away: nothing of it in a transaction."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid, NotFound
from bots.ids import uuid7
from bots.services import Actor, AnyActor, record_audit
from bots.tenancy import current_organization_id, no_scope, scoped_transaction
from flows.engine.content import MediaType
from flows.engine.media import (
    HEAD_BYTES,
    MOST_BYTES,
    Content,
    clean_file_name,
    content_of,
    keeps_its_promise,
    may_be_sent_as,
    most_bytes,
)
from flows.models import Asset

logger = structlog.get_logger(__name__)

# Whoever waits in a flow that sends a deleted file has so long to get there.
DELETED_FOR: Final = timedelta(days=180)
PURGE_BATCH: Final = 200


class Upload(Protocol):
    """A file as Django hands it over."""

    @property
    def size(self) -> int | None: ...
    def chunks(self) -> Iterator[bytes]: ...
    def seek(self, position: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The asset, and whether these bytes are new here."""

    asset: Asset
    is_new: bool


def upload_asset(upload: "File[bytes]", *, name: str, kind: MediaType | None = None, actor: AnyActor) -> Uploaded:
    """Take in a file for the active organization; `kind` says what it is to be sent as, else its content does.

    The same bytes of the same kind are the same asset, brought back if it was deleted, so it is safe to repeat. Called
    outside any transaction. Raises Invalid for an empty, an over-large or a mislabelled file.
    """
    content, digest = _read(upload, name)
    wanted = kind or content.kind
    _refuse_unfit(upload.size or 0, wanted, content)
    clean_name = clean_file_name(name, content)
    with scoped_transaction():
        known = _bring_back(wanted, digest, actor)
    if known is not None:
        return Uploaded(known, is_new=False)
    asset_id, organization_id = uuid7(), current_organization_id()
    upload.seek(0)
    stored = default_storage.save(f"assets/{organization_id}/{asset_id}", upload)
    asset = Asset(
        id=asset_id,
        organization_id=organization_id,
        name=clean_name,
        kind=wanted.value,
        mime=content.mime,
        size=upload.size,
        sha256=digest,
        file=stored,
        created_by=Actor.of(actor).user,
    )
    try:
        with scoped_transaction():
            asset.save(force_insert=True)
            record_audit(asset, "asset.uploaded", actor=actor, data={"name": clean_name, "size": asset.size})
    except IntegrityError:
        # Somebody uploaded the same at the same moment: theirs stands.
        default_storage.delete(stored)
        with scoped_transaction():
            known = _bring_back(wanted, digest, actor)
        if known is None:
            raise
        return Uploaded(known, is_new=False)
    return Uploaded(asset, is_new=True)


def delete_asset(asset_id: UUID, *, actor: AnyActor) -> None:
    """Hide a file: no definition may name it from now on, while versions that do still send it. Raises NotFound."""
    with transaction.atomic():
        asset = Asset.objects.select_for_update(no_key=True, of=("self",)).filter(pk=asset_id, deleted_at=None).first()
        if asset is None:
            raise NotFound("asset_not_found", _("There is no such file."))
        asset.deleted_at = timezone.now()
        asset.save(update_fields=["deleted_at"])
        record_audit(asset, "asset.deleted", actor=actor, data={"name": asset.name})


def read_file(stored: str) -> bytes:
    """The bytes of a stored file. Calls the storage; raises FileNotFoundError if it is gone."""
    with default_storage.open(stored, "rb") as file:
        content: bytes = file.read()
        return content


def open_file(stored: str) -> "File[bytes]":
    """A stored file to read from. Calls the storage; raises FileNotFoundError if it is gone."""
    return default_storage.open(stored, "rb")


def purge_assets() -> int:
    """Drop files that were deleted long ago, of every organization; answers how many. Safe to repeat: a file whose row
    is gone is nobody's, and one that could not be dropped is logged."""
    purged = 0
    with no_scope(reason="upkeep serves every organization"):
        while True:
            with transaction.atomic():
                old = Asset.unscoped.select_for_update(skip_locked=True, of=("self",)).filter(
                    deleted_at__lt=timezone.now() - DELETED_FOR
                )[:PURGE_BATCH]
                stored = {asset.pk: asset.file.name or "" for asset in old}
                Asset.unscoped.filter(pk__in=stored).delete()
            for name in stored.values():
                _drop(name)
            purged += len(stored)
            if len(stored) < PURGE_BATCH:
                return purged


def _read(upload: Upload, name: str) -> tuple[Content, str]:
    """What the content is, and its SHA-256."""
    digest, head = hashlib.sha256(), b""
    for chunk in upload.chunks():
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        digest.update(chunk)
    content = content_of(head, name)
    if head and not keeps_its_promise(name, content):
        raise Invalid(
            "asset_content",
            _("The content of this file is not what its name says."),
            field="file",
            hint=_("Open it to see whether it is damaged, and export it again."),
        )
    return content, digest.hexdigest()


def _refuse_unfit(size: int, wanted: MediaType, content: Content) -> None:
    if not size:
        raise Invalid("asset_empty", _("The file is empty."), field="file")
    if not may_be_sent_as(content.kind, wanted):
        raise Invalid(
            "asset_kind",
            _("This file cannot be sent as that. Leave the kind out, or choose “document”."),
            field="kind",
        )
    if size > most_bytes(wanted):
        photo = wanted is MediaType.PHOTO and size <= MOST_BYTES
        raise Invalid(
            "asset_too_large",
            _("Telegram takes photos of at most 10 MB.") if photo else _("Telegram takes files of at most 50 MB."),
            field="file",
            hint=_("Make the photo smaller, or upload it as a document.") if photo else _("Make the file smaller."),
        )


def _bring_back(kind: MediaType, digest: str, actor: AnyActor) -> Asset | None:
    """The asset with these bytes, if there is one; a deleted one is there again."""
    same = Asset.objects.select_for_update(no_key=True, of=("self",)).filter(kind=kind.value, sha256=digest).first()
    if same is not None and same.deleted_at is not None:
        same.deleted_at = None
        same.save(update_fields=["deleted_at"])
        record_audit(same, "asset.restored", actor=actor, data={"name": same.name})
    return same


def _drop(name: str) -> None:
    try:
        default_storage.delete(name)
    except Exception:
        logger.exception("asset_not_dropped", file=name)
