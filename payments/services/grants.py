"""Accesses: given once per sale and content, whoever asks and however often."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from bots.storable import clean_json
from payments.locking import lock_access
from payments.models import Grant, GrantKind, Order
from payments.services.links import Asker, ask_for_link
from payments.services.places import open_place


def give(
    *,
    organization_id: UUID,
    contact_id: UUID,
    telegram_user_id: int,
    order_id: UUID | None,
    run_id: UUID,
    visit: int,
    step_id: str,
    content: Mapping[str, object],
    is_test: bool,
) -> None:
    """Makes the grant unless the sale (or, without one, the visit) has given this content before. Safe to repeat.

    Another sale of the same content begins where the access still open ends, so that renewing early loses no day.
    """
    now = timezone.now()
    stored: dict[str, object] = clean_json(dict(content))
    key = content_key(stored)
    starts_at, ends_at = now, None
    # Two sales paid at once: the second begins where the first ends.
    lock_access(organization_id, telegram_user_id, key)
    duration = _duration(stored)
    if duration is not None:
        starts_at = _end_of_open_access(organization_id, telegram_user_id, key, order_id, now) or now
        ends_at = starts_at + duration
    grant = Grant(
        organization_id=organization_id,
        telegram_user_id=telegram_user_id,
        contact_id=contact_id,
        order_id=order_id,
        run_id=run_id,
        visit=visit,
        step_id=step_id,
        kind=(GrantKind.CHAT if stored.get("chat") else GrantKind.CONTENT).value,
        content=stored,
        content_key=key,
        is_test=is_test,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    Grant.objects.bulk_create([grant], ignore_conflicts=True)
    open_place(grant)


def give_what_is_owed(order: Order) -> None:
    """The grant an order promised on payment, if any; in the transaction that pays it."""
    if not order.owed:
        return
    give(
        organization_id=order.organization_id,
        contact_id=order.contact_id,
        telegram_user_id=order.telegram_user_id,
        order_id=order.pk,
        run_id=order.run_id,
        visit=order.visit,
        step_id=order.step_id,
        content=order.owed,
        is_test=order.is_test,
    )
    if order.owed.get("chat"):
        asker = Asker(order.bot_id, order.telegram_user_id, order.run_id, order.visit)
        key = f"{order.pk}:{order.run_id}:{order.visit}"
        ask_for_link(order.organization_id, order.owed, asker, is_test=order.is_test, key=key)


def content_key(content: Mapping[str, object]) -> str:
    """A chat is known by its id, all else by what it says, so that the same access is found again."""
    if content.get("chat"):
        return f"chat:{content['chat']}"[:80]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return f"content:{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def _duration(content: Mapping[str, object]) -> timedelta | None:
    days = content.get("duration_days")
    if not isinstance(days, int) or isinstance(days, bool) or days <= 0:
        return None
    return timedelta(days=days)


def _end_of_open_access(
    organization_id: UUID, telegram_user_id: int, key: str, order_id: UUID | None, now: datetime
) -> datetime | None:
    open_access = Grant.objects.filter(
        Q(order__isnull=True) | ~Q(order_id=order_id),
        organization_id=organization_id,
        telegram_user_id=telegram_user_id,
        content_key=key,
        revoked_at__isnull=True,
        ends_at__gt=now,
    )
    return open_access.order_by("-ends_at").values_list("ends_at", flat=True).first()
