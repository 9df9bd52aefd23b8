"""A test chat so far, saved as a test conversation."""

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext as _

from bots.errors import Conflict
from bots.models import User
from flows import selectors
from flows.engine.events import Event, Pressed
from flows.engine.state import ContactFacts
from flows.engine.testing.record import recorded
from flows.models import Conversation, ConversationTest, InboxEvent, InboxState
from flows.runtime.inbox import UnreadRow
from flows.runtime.incoming import in_order, read_row
from flows.runtime.snapshots import bot_snapshots
from flows.runtime.version_cache import compiled
from flows.services.conversation_tests import create_test


def record_chat(flow_id: UUID, *, conversation: Conversation, user: User) -> ConversationTest:
    """Saves what was done in a test chat since its newest run began, with the answers as they are expected from now on.

    Raises Conflict where there is nothing to record yet, and for a conversation in which the bot was blocked: a test
    knows no such thing, and would expect what never arrived.
    """
    run = selectors.test_run(conversation)
    beginning = selectors.beginning_of(run) if run is not None else None
    if run is None or beginning is None:
        raise Conflict("nothing_to_record", _("There is nothing to save yet: write something first."))
    if selectors.has_unsent(conversation, since=beginning):
        raise Conflict(
            "blocked_meanwhile",
            _("The bot was blocked in this conversation, and a saved test cannot show that."),
            hint=_("Begin again without blocking it, and save that."),
        )
    version = compiled([run.version_id])[run.version_id]
    bots, _now = bot_snapshots([conversation.bot_id])
    bot, contact = bots[conversation.bot_id], conversation.contact
    document = recorded(
        version.flow,
        _events_of(conversation, beginning, run.pk),
        name=_free_name(flow_id),
        first_name=contact.first_name,
        facts=bot.engine_facts(ContactFacts(), contact.language_code),
    )
    return create_test(flow_id, document=document, created_by=user)


def _events_of(conversation: Conversation, beginning: UUID, run_id: UUID) -> Iterator[Event]:
    """What the chat's rows said since then, without what named another run."""
    rows = selectors.inbox_of(conversation, since=beginning, states=[InboxState.DONE, InboxState.IGNORED])
    for incoming in in_order([read_row(_unread(row)) for row in rows]):
        event = incoming.parsed.event
        named = event.ref.run_id if isinstance(event, Pressed) and event.ref is not None else incoming.row.run_id
        if event is not None and named in (None, run_id):
            yield event


def _unread(row: InboxEvent) -> UnreadRow:
    return UnreadRow(row.pk, row.run_id, row.source, row.external_id, bytes(row.payload), row.attempts)


def _free_name(flow_id: UUID) -> str:
    taken = set(selectors.tests_of(flow_id).values_list("name", flat=True))
    number = len(taken) + 1
    while (name := _("Recorded conversation %(number)d") % {"number": number}) in taken:
        number += 1
    return name
