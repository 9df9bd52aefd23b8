"""The team speaks in a chat: its messages leave in the chat's own order and stand in its transcript."""

from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.ids import uuid7
from bots.models import Channel, Contact
from bots.outbox.publish import NewMessage, publish
from bots.services import AnyActor
from bots.services.audit import record_audit
from bots.storable import clean_text
from flows.engine.codec import dump_effect
from flows.engine.effects import OutMessage, Say
from flows.engine.limits import TELEGRAM_TEXT
from flows.models import Conversation, Direction, Message
from flows.runtime.locking import lock_conversation
from flows.topics import MESSAGE_SEND, NO_RUN, Envelope

BY_TEAM = "by_team"


def answer_contact(conversation_id: UUID, text: str, *, actor: AnyActor, key: str | None = None) -> None:
    """Sends what a member of the team wrote, behind whatever waits for the same chat, and takes the conversation off
    the unread list. Nothing in the text is filled in.

    Raises NotFound, Invalid for a text that is empty or too long, and Conflict for a contact who has blocked the bot. A
    second call with the same `key` changes nothing. Locks the conversation, which orders the chat's messages.
    """
    text = clean_text(text).strip()
    if not text:
        raise Invalid("text_required", _("Write the message first."), field="text")
    if len(text.encode("utf-16-le")) // 2 > TELEGRAM_TEXT:
        raise Invalid("message_too_long", _("The message is longer than Telegram takes."), field="text")
    with transaction.atomic():
        conversation = lock_conversation(conversation_id)
        contact = Contact.objects.filter(pk=conversation.contact_id).first() if conversation is not None else None
        if conversation is None or contact is None:
            raise NotFound("conversation_not_found", _("There is no such conversation."))
        if contact.blocked_at is not None:
            raise Conflict("contact_blocked", _("This person has blocked the bot: nothing reaches them."))
        message_id, say = uuid7(), Say(OutMessage(text))
        envelope = Envelope(
            organization_id=conversation.organization_id,
            bot_id=conversation.bot_id,
            contact_id=contact.pk,
            conversation_id=conversation.pk,
            telegram_user_id=conversation.telegram_user_id,
            channel=Channel(contact.channel),
            run_id=NO_RUN,
            version_id=NO_RUN,
            effect=say,
        )
        written = publish(
            [
                NewMessage(
                    id=message_id,
                    topic=MESSAGE_SEND,
                    key=f"answer:{conversation.pk}:{key or uuid4()}",
                    organization_id=conversation.organization_id,
                    bot_id=conversation.bot_id,
                    ordering_key=f"{conversation.bot_id}:{conversation.telegram_user_id}",
                    payload=envelope.dump(),
                )
            ]
        )
        if message_id not in written:
            return
        Message.objects.create(
            id=message_id,
            organization_id=conversation.organization_id,
            bot_id=conversation.bot_id,
            conversation_id=conversation.pk,
            direction=Direction.OUT,
            text=text,
            payload={**dump_effect(say), BY_TEAM: True},
            at=timezone.now(),
        )
        _note_read(conversation)
        record_audit(conversation, "conversation.answer", actor=actor, data={"length": len(text)})


def mark_read(conversation_id: UUID) -> None:
    """Takes a conversation off the team's unread list. Safe to repeat; raises NotFound."""
    with transaction.atomic():
        conversation = lock_conversation(conversation_id)
        if conversation is None:
            raise NotFound("conversation_not_found", _("There is no such conversation."))
        _note_read(conversation)


def _note_read(conversation: Conversation) -> None:
    if conversation.attention:
        conversation.attention = False
        conversation.save(update_fields=["attention"])
