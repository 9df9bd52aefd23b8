"""What is due in groups and channels: another link, a reminder, the end, the removal; a group lost, and one back.

What is due stands on the place itself; a sweep finds it, whatever else is down.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.models import ConnectedChat
from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage
from bots.tenancy import no_scope
from flows.engine.events import MoneyTold, MoneyWord
from flows.ports import InboxSource
from flows.services import post_event
from payments.models import Grant
from payments.models.place import Place
from payments.selectors import paid_but_not_inside
from payments.services.links import accesses_to, another_link, open_accesses
from payments.services.notices import tell_not_inside
from payments.services.places import ask_removal
from payments.services.transactions import work_for
from payments.topics import INVITE_CREATE, JOIN_ANSWER, MEMBER_READMIT, MEMBER_REMOVE

TENDED = register("payments.place.tended")

BATCH: Final = 100
# Before the end, earliest first.
REMINDERS: Final = (
    (timedelta(days=3), MoneyWord.ACCESS_ENDS_IN_DAYS),
    (timedelta(days=1), MoneyWord.ACCESS_ENDS_TOMORROW),
)
_OF_CHATS: Final = (INVITE_CREATE, JOIN_ANSWER, MEMBER_REMOVE, MEMBER_READMIT)


def tend_places() -> int:
    """Sends another link, reminds and removes, wherever it is time; answers how many places were looked at. Safe to
    repeat, and for any number of workers at once: each place is locked."""
    now = timezone.now()
    with no_scope(reason="places of every organization are looked after together"):
        due = Place.unscoped.filter(due_at__lte=now).order_by("due_at")
        found = list(due.values_list("organization_id", "pk")[:BATCH])
    for organization_id, place_id in found:
        with work_for(organization_id):
            place = _locked(place_id)
            if place is not None and place.due_at is not None and place.due_at <= now:
                _tend(place, now)
        crash_point(TENDED)
    return len(found)


def _locked(place_id: UUID) -> Place | None:
    return Place.objects.select_for_update(of=("self",), no_key=True).filter(pk=place_id).first()


def _tend(place: Place, now: datetime) -> None:
    opened = list(open_accesses(place.chat_id, place.telegram_user_id))
    if not opened:
        _end(place, now)
        place.save()
        return
    chat = place.chat
    last = _last_end(place, now)
    if not place.is_inside and chat.lets_people_in and place.links_sent < chat.another_links:
        place.links_sent += 1
        another_link(place, key=f"again:{place.pk}:{now.isoformat()}")
        place.due_at = now + timedelta(minutes=chat.another_link_minutes)
    else:
        if not place.is_inside and chat.lets_people_in:
            # Every link was sent and none brought them in.
            tell_not_inside(place, opened[0])
        place.due_at = None if last is None else _remind(place, last, now)
    place.save()


def _last_end(place: Place, now: datetime) -> datetime | None:
    """When the last access of this person ends, of those that have yet to begin too; None: never."""
    still = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    ends = accesses_to(place.chat_id, place.telegram_user_id).filter(still, revoked_at__isnull=True)
    known = list(ends.values_list("ends_at", flat=True))
    return None if None in known else max((end for end in known if end is not None), default=None)


def _remind(place: Place, ends_at: datetime, now: datetime) -> datetime:
    """Says the reminder that is due, if one is; answers when to look again."""
    for number, (before, word) in enumerate(REMINDERS, start=1):
        if place.reminded >= number:
            continue
        if now < ends_at - before:
            return ends_at - before
        place.reminded = number
        following = REMINDERS[number][0] if number < len(REMINDERS) else timedelta(0)
        if now < ends_at - following:
            _tell(place, word, key=f"reminder:{place.pk}:{ends_at.isoformat()}:{number}")
    return ends_at


def _end(place: Place, now: datetime) -> None:
    """No access is open: the person is told why, and put out, unless the chat keeps them."""
    place.due_at = None
    if place.telegram_user_id in place.chat.allow_list:
        return
    last = accesses_to(place.chat_id, place.telegram_user_id).first()
    if last is not None and (word := _why_it_ended(last)) is not None:
        _tell(place, word, key=f"ended:{place.pk}:{last.pk}:{last.revoked_at or last.ends_at}")
    if place.is_inside and place.removal_asked_at is None:
        place.removals += 1
        place.removal_asked_at = now
        ask_removal(place.chat, place.telegram_user_id, key=f"end:{place.pk}:{place.removals}")


def _why_it_ended(grant: Grant) -> MoneyWord | None:
    """What is said of it; nothing more where money that went back was told already."""
    if grant.revoked_at is None:
        return MoneyWord.ACCESS_ENDED
    return None if grant.taken_for else MoneyWord.ACCESS_CLOSED


def _tell(place: Place, word: MoneyWord, *, key: str) -> None:
    post_event(
        organization_id=place.organization_id,
        bot_id=place.contact.bot_id,
        telegram_user_id=place.telegram_user_id,
        event=MoneyTold(word),
        source=InboxSource.PAYMENT,
        external_id=key,
    )


# A chat the bot can do nothing in, and one where it can again


def chat_is_lost(organization_id: UUID, chat_id: UUID, *, key: str) -> int:
    """Whoever has an access there and is outside hears that the way in must wait; answers how many. Its link is void: a
    new one is made when the bot is back. Safe to repeat with the same key."""
    with work_for(organization_id):
        chat = ConnectedChat.objects.select_for_update(of=("self",), no_key=True).filter(pk=chat_id).first()
        if chat is None or chat.lets_people_in:
            return 0
        chat.join_request_link = ""
        chat.save(update_fields=["join_request_link"])
        outside = _outside(chat)
        for place in outside:
            _tell(place, MoneyWord.ACCESS_WAITS, key=f"lost:{place.pk}:{key}")
    return len(outside)


def chat_is_back(organization_id: UUID, chat_id: UUID, *, links: bool) -> int:
    """What waited for the bot's rights is done now; with `links`, whoever is outside with an access gets one. Answers
    how many places are looked at. Safe to repeat."""
    with work_for(organization_id):
        chat = ConnectedChat.objects.filter(pk=chat_id).first()
        if chat is None:
            return 0
        waiting = OutboxMessage.objects.filter(
            bot_id=chat.bot_id, topic__in=_OF_CHATS, state__in=UNFINISHED, payload__chat=str(chat_id)
        )
        on_the_way = set(waiting.filter(topic=INVITE_CREATE).values_list("payload__telegram_user_id", flat=True))
        waiting.filter(state=MessageState.NEW).update(due_at=timezone.now())
        if not (links and chat.lets_people_in):
            return 0
        late = [place.pk for place in _outside(chat) if place.telegram_user_id not in on_the_way]
        Place.objects.filter(pk__in=late).update(due_at=timezone.now(), links_sent=0)
    return len(late)


def _outside(chat: ConnectedChat) -> list[Place]:
    return list(paid_but_not_inside().filter(chat=chat).order_by("pk"))
