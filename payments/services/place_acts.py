"""What the team does about a place in a group or channel: another link now, who stays, a removal undone.

Each is written into the audit trail, in the transaction of the act.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, NotFound
from bots.ids import uuid7
from bots.models import ConnectedChat
from bots.services import AnyActor, record_audit
from bots.services.chats import keep_inside as list_as_staying
from bots.services.chats import keep_no_longer as list_no_longer
from payments.locking import lock_access
from payments.models import Grant
from payments.models.place import Place
from payments.services.grant_acts import checked_days, checked_reason, new_grant, say_access
from payments.services.links import accesses_to, another_link, open_accesses
from payments.services.places import ask_readmission, look_again, open_place
from payments.services.transactions import work_for

# Pressed again by then, the link that is on its way is the answer.
LINK_COMES_WITHIN: Final = timedelta(minutes=1)


def send_link_now(place_id: UUID, *, organization_id: UUID, actor: AnyActor) -> bool:
    """Another link for who has an access and is outside; False where one was asked for a moment ago and is on its way,
    so that two presses send one. Raises NotFound, and Conflict where a link would be of no use."""
    with work_for(organization_id):
        place = _locked(place_id)
        if place.is_inside:
            raise Conflict("already_inside", _("This person is inside already."))
        if not open_accesses(place.chat_id, place.telegram_user_id).exists():
            raise Conflict("access_not_open", _("This person has no open access to this group or channel."))
        if not place.chat.lets_people_in:
            raise Conflict(
                "chat_lost",
                _("The bot may not invite people there now. The link goes out by itself once it may."),
            )
        if place.contact.blocked_at is not None:
            raise Conflict("contact_blocked", _("This person has blocked the bot: no message reaches them."))
        now = timezone.now()
        if place.link_asked_at is not None and place.link_asked_at > now - LINK_COMES_WITHIN:
            return False
        another_link(place, key=f"team:{place.pk}:{uuid7()}")
        place.due_at = now + timedelta(minutes=place.chat.another_link_minutes)
        place.save(update_fields=["link_asked_at", "due_at"])
        record_audit(place, "place.link", actor=actor, data=_named(place))
    return True


def keep_inside(
    chat_id: UUID, telegram_user_id: int, *, organization_id: UUID, reason: str, actor: AnyActor
) -> ConnectedChat:
    """Nobody puts this person out, whatever becomes of their accesses. Raises NotFound, Invalid, Conflict."""
    with work_for(organization_id):
        chat = list_as_staying(chat_id, telegram_user_id, reason=checked_reason(reason), actor=actor)
        look_again(chat_id, telegram_user_id)
    return chat


def keep_no_longer(
    chat_id: UUID, telegram_user_id: int, *, organization_id: UUID, reason: str, actor: AnyActor
) -> ConnectedChat:
    """Their accesses alone decide from here on: who has none is put out. Raises NotFound, Invalid."""
    with work_for(organization_id):
        chat = list_no_longer(chat_id, telegram_user_id, reason=checked_reason(reason), actor=actor)
        look_again(chat_id, telegram_user_id)
    return chat


def undo_removal(place_id: UUID, *, organization_id: UUID, days: int | None, reason: str, actor: AnyActor) -> Grant:
    """Somebody whom we put out may come in again, for so many days or without end: no ban, an access, a link, said in
    the chat. Raises NotFound, Invalid, and Conflict for who was not put out, is inside, or has an access again."""
    with work_for(organization_id):
        found = Place.objects.filter(pk=place_id).first()
        if found is None:
            raise _not_there()
        if days is not None:
            checked_days(days)
        reason = checked_reason(reason)
        lock_access(organization_id, found.telegram_user_id, f"chat:{found.chat_id}")
        place = _locked(place_id)
        if place.removed_at is None or place.is_inside:
            raise Conflict("not_removed", _("This person was not put out, or is inside again."))
        last = accesses_to(place.chat_id, place.telegram_user_id).first()
        if last is None or open_accesses(place.chat_id, place.telegram_user_id).exists():
            raise Conflict("already_has_access", _("This person has this access already."))
        grant = new_grant(place.contact, last.content, starts_at=timezone.now(), days=days)
        open_place(grant)
        Place.objects.filter(pk=place.pk).update(removed_at=None)
        ask_readmission(place.chat, place.telegram_user_id, key=str(grant.pk))
        say_access(grant, place.contact, key=f"readmitted:{grant.pk}")
        another_link(place, key=f"readmitted:{grant.pk}")
        record_audit(
            place,
            "place.undo_removal",
            actor=actor,
            data={**_named(place), "grant": str(grant.pk), "days": days},
            reason=reason,
        )
    return grant


def _locked(place_id: UUID) -> Place:
    rows = Place.objects.select_for_update(of=("self",), no_key=True).select_related("chat", "contact")
    place = rows.filter(pk=place_id).first()
    if place is None:
        raise _not_there()
    return place


def _not_there() -> NotFound:
    return NotFound("place_not_found", _("There is no such place in a group or channel."))


def _named(place: Place) -> dict[str, object]:
    return {"chat": str(place.chat), "telegram_user_id": place.telegram_user_id}
