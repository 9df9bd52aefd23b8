"""`/acesso`: finding again what a person bought, to be said once more."""

from typing import Final

from django.db.models import Q
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.models import Channel
from flows.engine.events import AccessRecalled, RecalledAccess
from flows.ports import InboxSource
from flows.services import post_event
from flows.topics import Envelope
from payments.models import Grant, GrantKind
from payments.selectors.places import LINK_COMES_WITHIN
from payments.services.links import Asker, ask_for_link, chat_of, locked_place
from payments.services.transactions import work_for

RECALLED = register("payments.access.recalled")

# So many different things at most, the newest: what is said must stay readable.
MOST_ACCESSES: Final = 20


def recall_accesses(envelope: Envelope, *, key: str) -> None:
    """Answers the conversation with every access that is still open, each content once, newest first.

    Grants belong to (organization, Telegram user): what was bought at another bot of the organization is found too.
    Nothing is granted anew. Safe to repeat with the same key.
    """
    with work_for(envelope.organization_id):
        accesses = tuple(RecalledAccess(grant.run_id, grant.content) for grant in _open_grants(envelope))
        _ask_for_links(envelope, key=key)
        post_event(
            organization_id=envelope.organization_id,
            bot_id=envelope.bot_id,
            telegram_user_id=envelope.telegram_user_id,
            event=AccessRecalled(accesses),
            source=InboxSource.PAYMENT,
            external_id=f"recall:{key}",
        )
    crash_point(RECALLED)


def _ask_for_links(envelope: Envelope, *, key: str) -> None:
    """A way into each group or channel again, told when it is there."""
    asker = Asker(envelope.bot_id, envelope.telegram_user_id)
    is_test = envelope.channel == Channel.SIMULATOR
    for grant in _open_grants(envelope):
        if grant.kind == GrantKind.CHAT and not _is_coming(grant):
            ask_for_link(
                envelope.organization_id, grant.content, asker, is_test=is_test, key=f"recall:{key}:{grant.pk}"
            )


def _is_coming(grant: Grant) -> bool:
    """Whether a link to this chat was asked for a moment ago and has yet to be told: it answers this press, too."""
    chat = chat_of(grant.content)
    place = locked_place(chat.pk, grant.telegram_user_id) if chat is not None and not grant.is_test else None
    if place is None or place.link_asked_at is None or place.link_asked_at < timezone.now() - LINK_COMES_WITHIN:
        return False
    return place.link_told_at is None or place.link_told_at < place.link_asked_at


def _open_grants(envelope: Envelope) -> list[Grant]:
    now = timezone.now()
    found = Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        telegram_user_id=envelope.telegram_user_id,
        is_test=envelope.channel == Channel.SIMULATOR,
        revoked_at__isnull=True,
        starts_at__lte=now,
    )
    newest: dict[str, Grant] = {}
    for grant in found.order_by("-created_at", "-id"):
        newest.setdefault(grant.content_key, grant)
        if len(newest) == MOST_ACCESSES:
            break
    return list(newest.values())
