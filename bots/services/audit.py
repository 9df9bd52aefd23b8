"""The audit trail: one entry per act, in the transaction of the act."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from bots.actor import Actor, AnyActor
from bots.models import AuditEntry, TenantModel
from bots.models.base import PartitionedModel
from bots.storable import clean_json, clean_text


def record_audit(
    subject: TenantModel | PartitionedModel,
    action: str,
    *,
    actor: AnyActor,
    data: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write who did what to `subject`, whose organization it is written under. `action` is `<object>.<verb>`.

    `data` holds what changed, never a secret.
    """
    by = Actor.of(actor)
    meta: models.options.Options[Any] = subject._meta
    return AuditEntry.objects.create(
        organization_id=subject.organization_id,
        actor_kind=by.kind,
        actor_user=by.user,
        actor_key=by.key,
        action=action,
        object_type=meta.label_lower,
        object_id=str(subject.pk),
        data=clean_json(dict(data or {})),
        reason=clean_text(reason),
    )
