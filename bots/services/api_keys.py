"""Partners' keys: made, shown once, taken back."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.actor import Actor, AnyActor
from bots.errors import Invalid, NotFound
from bots.models import ApiKey, Organization
from bots.permissions import ApiScope
from bots.services.audit import record_audit
from bots.storable import clean_text
from bots.tenancy import organization_scope

PREFIX_BYTES = 4
# 256 bits, so that a plain SHA-256 guards it: there is nothing to guess.
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key and the only sight of its text."""

    key: ApiKey
    secret: str = field(repr=False)


def hash_api_key(secret: str) -> str:
    """What is stored and looked up instead of the key."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def create_api_key(
    *,
    organization: Organization,
    name: str,
    scopes: Iterable[ApiScope],
    actor: AnyActor,
    expires_at: datetime | None = None,
) -> NewApiKey:
    """Make a key `trl_<prefix>_<secret>`. Raises Invalid without a name or a scope."""
    name = clean_text(name).strip()
    wanted = sorted({ApiScope(scope).value for scope in scopes})
    if not name:
        raise Invalid("name_required", _("Give the key a name, so that you know later what it is for."), field="name")
    if not wanted:
        raise Invalid("scope_required", _("Choose at least one thing the key may do."), field="scopes")
    prefix = secrets.token_hex(PREFIX_BYTES)
    secret = f"trl_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    with transaction.atomic(), organization_scope(organization.pk):
        key = ApiKey.objects.create(
            organization=organization,
            name=name[:100],
            prefix=prefix,
            key_hash=hash_api_key(secret),
            scopes=wanted,
            expires_at=expires_at,
            created_by=Actor.of(actor).user,
        )
        record_audit(key, "api_key.created", actor=actor, data={"name": name, "scopes": wanted})
    return NewApiKey(key, secret)


def revoke_api_key(key_id: uuid.UUID, *, actor: AnyActor) -> None:
    """The key opens nothing any more. Safe to repeat. Raises NotFound."""
    with transaction.atomic():
        key = ApiKey.objects.select_for_update(no_key=True, of=("self",)).filter(pk=key_id).first()
        if key is None:
            raise NotFound("api_key_not_found", _("There is no such key."))
        if key.revoked_at is not None:
            return
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record_audit(key, "api_key.revoked", actor=actor, data={"name": key.name})
