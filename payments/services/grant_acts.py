"""What the team does with accesses: give one by hand, extend it, take it back, move it to another account.

Each is written into the audit trail with its reason, in the transaction of the act.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.ids import uuid7
from bots.models import Channel, Contact
from bots.services import AnyActor, record_audit
from bots.storable import clean_json, clean_text
from flows.engine.events import AccessRecalled, RecalledAccess
from flows.ports import InboxSource
from flows.services import post_event
from payments.locking import lock_access
from payments.models import Grant, GrantKind
from payments.services.grants import content_key
from payments.services.links import chat_of
from payments.services.places import accesses_ended, open_place
from payments.services.transactions import work_for

REASON_LENGTH: Final = 300
MOST_DAYS: Final = 3650


def give_by_hand(
    contact_id: UUID,
    *,
    organization_id: UUID,
    content: Mapping[str, Any],
    days: int | None,
    reason: str,
    tell: bool,
    actor: AnyActor,
) -> Grant:
    """An access without a sale, open from now on, for so many days or without end. `tell` says it in the chat, in the
    words of `/acesso`. Raises NotFound, Invalid, and Conflict for a contact who has this access already."""
    stored: dict[str, Any] = clean_json(dict(content))
    if not any(stored.values()):
        raise Invalid("content_required", _("Say what the access opens."), field="text")
    if days is not None:
        checked_days(days)
    reason = checked_reason(reason)
    with work_for(organization_id):
        contact = _contact(contact_id)
        key = content_key(stored)
        if stored.get("chat") and chat_of(stored) is None:
            raise NotFound("chat_not_found", _("There is no such group or channel."))
        lock_access(organization_id, contact.telegram_user_id, key)
        # After the lock: what somebody else gave meanwhile is open by now.
        now = timezone.now()
        if any(grant.is_open(now) for grant in _of(contact.telegram_user_id, key)):
            raise Conflict("already_has_access", _("This person has this access already."))
        grant = new_grant(contact, stored, starts_at=now, days=days)
        open_place(grant, link_in=timedelta(0))
        record_audit(grant, "grant.give", actor=actor, data={"days": days, "told": tell}, reason=reason)
        if tell:
            say_access(grant, contact, key=f"given:{grant.pk}")
    return grant


def new_grant(contact: Contact, content: Mapping[str, Any], *, starts_at: datetime, days: int | None) -> Grant:
    """An access of the team's own giving; its caller holds `lock_access` and opens its place."""
    grant = Grant(
        organization_id=contact.organization_id,
        telegram_user_id=contact.telegram_user_id,
        contact_id=contact.pk,
        # No run gave it: an occasion of its own, so that it may be given again some day.
        run_id=uuid7(),
        visit=1,
        step_id="",
        kind=(GrantKind.CHAT if content.get("chat") else GrantKind.CONTENT).value,
        content=content,
        content_key=content_key(content),
        is_test=contact.channel == Channel.SIMULATOR,
        starts_at=starts_at,
        ends_at=None if days is None else starts_at + timedelta(days=days),
    )
    grant.save(force_insert=True)
    return grant


def extend_grant(grant_id: UUID, *, organization_id: UUID, days: int, reason: str, actor: AnyActor) -> Grant:
    """So many days more, from its end or, where that has passed, from now: whoever was to be put out stays. What begins
    after it begins so much later. Raises NotFound, Invalid, and Conflict for one without end or taken back."""
    with work_for(organization_id):
        grant = _locked(grant_id)
        checked_days(days)
        reason = checked_reason(reason)
        lock_access(organization_id, grant.telegram_user_id, grant.content_key)
        if grant.revoked_at is not None:
            raise Conflict("already_taken_back", _("This access was taken back before."))
        if grant.ends_at is None:
            raise Conflict("access_without_end", _("This access has no end."))
        before, now = grant.ends_at, timezone.now()
        more = timedelta(days=days)
        for later in _of(grant.telegram_user_id, grant.content_key):
            if later.pk != grant.pk and later.ends_at is not None and later.starts_at >= before > now:
                Grant.objects.filter(pk=later.pk).update(starts_at=later.starts_at + more, ends_at=later.ends_at + more)
        grant.ends_at = max(before, now) + more
        grant.save(update_fields=["ends_at"])
        accesses_ended([grant])
        moments = {"was": before.isoformat(), "is": grant.ends_at.isoformat()}
        record_audit(grant, "grant.extend", actor=actor, data={"days": days, **moments}, reason=reason)
    return grant


def take_back(grant_id: UUID, *, organization_id: UUID, reason: str, actor: AnyActor) -> Grant:
    """The access is closed from now on. Raises NotFound, Invalid, and Conflict for one that was taken back before."""
    with work_for(organization_id):
        grant = _locked(grant_id)
        reason = checked_reason(reason)
        if grant.revoked_at is not None:
            raise Conflict("already_taken_back", _("This access was taken back before."))
        grant.revoked_at = timezone.now()
        # Nor does money that comes back give it back: somebody decided.
        grant.take_back_at, grant.taken_for = None, ""
        grant.save(update_fields=["revoked_at", "take_back_at", "taken_for"])
        accesses_ended([grant])
        record_audit(grant, "grant.take_back", actor=actor, reason=reason)
    return grant


def move_grant(
    grant_id: UUID, contact_id: UUID, *, organization_id: UUID, reason: str, tell: bool, actor: AnyActor
) -> Grant:
    """The same access for another Telegram account, for as long as it was: who lost theirs keeps what they bought.

    Raises NotFound, Invalid, and Conflict where it is not open, or the other account has it already.
    """
    with work_for(organization_id):
        grant = _locked(grant_id)
        contact, now = _contact(contact_id), timezone.now()
        reason = checked_reason(reason)
        if not grant.is_open(now):
            raise Conflict("access_not_open", _("Only an open access can be moved."))
        if (contact.channel == Channel.SIMULATOR) != grant.is_test:
            raise Conflict("test_access", _("An access of a test chat stays in test chats."))
        lock_access(organization_id, contact.telegram_user_id, grant.content_key)
        if any(other.is_open(now) for other in _of(contact.telegram_user_id, grant.content_key)):
            raise Conflict("already_has_access", _("This person has this access already."))
        before = grant.telegram_user_id
        # What was renewed ahead of time goes along.
        later = [one for one in _of(before, grant.content_key) if one.starts_at > now and one.is_test == grant.is_test]
        accesses_ended([grant])
        for one in [grant, *later]:
            one.telegram_user_id, one.contact = contact.telegram_user_id, contact
            one.save(update_fields=["telegram_user_id", "contact"])
        open_place(grant, link_in=timedelta(0))
        told = {"from": before, "to": contact.telegram_user_id, "told": tell, "with": [str(one.pk) for one in later]}
        record_audit(grant, "grant.move", actor=actor, data=told, reason=reason)
        if tell:
            say_access(grant, contact, key=f"moved:{grant.pk}:{contact.pk}:{uuid7()}")
    return grant


def say_access(grant: Grant, contact: Contact, *, key: str) -> None:
    """The flow's own words for an access, in the chat's order; in the caller's transaction."""
    if contact.blocked_at is not None:
        return
    post_event(
        organization_id=grant.organization_id,
        bot_id=contact.bot_id,
        telegram_user_id=contact.telegram_user_id,
        event=AccessRecalled((RecalledAccess(grant.run_id, grant.content),)),
        source=InboxSource.PAYMENT,
        external_id=f"access:{key}",
    )


def _locked(grant_id: UUID) -> Grant:
    grant = Grant.objects.select_for_update(of=("self",), no_key=True).filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("grant_not_found", _("There is no such access."))
    return grant


def _contact(contact_id: UUID) -> Contact:
    # Locked, so that two who give the same at once give it once.
    contact = Contact.objects.select_for_update(of=("self",), no_key=True).filter(pk=contact_id).first()
    if contact is None:
        raise NotFound("contact_not_found", _("There is no such contact."))
    return contact


def _of(telegram_user_id: int, key: str) -> list[Grant]:
    return list(Grant.objects.filter(telegram_user_id=telegram_user_id, content_key=key, revoked_at__isnull=True))


def checked_days(days: int) -> None:
    """Raises Invalid for a span nobody means."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("days_out_of_range", _("Between 1 and 3650 days, or none for no end."), field="days")


def checked_reason(reason: str) -> str:
    """The reason as it is kept. Raises Invalid for none."""
    reason = clean_text(reason).strip()[:REASON_LENGTH]
    if not reason:
        raise Invalid("reason_required", _("Say why, for your team."), field="reason")
    return reason
