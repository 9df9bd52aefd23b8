"""Test chats: a member's own contact, who runs a draft or a version through the real inbox, worker and outbox."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.models import Bot, Channel, Contact, User
from bots.storable import dump_json
from flows.engine.compile import VersionKind
from flows.engine.problems import has_errors
from flows.models import Conversation, Flow, FlowVersion, InboxSource, RunStatus, Timer, TimerState
from flows.runtime.content import content_hash
from flows.runtime.locking import lock_conversation
from flows.selectors import simulator_user_id
from flows.services.definitions import completed, problems_of
from flows.services.embedding import embedded_for
from flows.services.inbox import post_raw_update
from flows.services.locking import lock_flow
from flows.services.runs import post_start

# A skipped wait is over, not just about to be.
A_LITTLE_MORE: Final = timedelta(milliseconds=1)
# A number that can exist in São Paulo, and its cathedral.
TEST_PHONE: Final = "5511987654321"
TEST_PLACE: Final = (-23.5505, -46.6333)


@dataclass(frozen=True, slots=True)
class TestChat:
    """A member's chat with one version of a flow."""

    __test__ = False

    conversation: Conversation
    version: FlowVersion


def open_test_chat(flow_id: UUID, *, user: User, number: int | None = None) -> TestChat:
    """The member's chat with the draft, or with version `number`, which begins if the chat ran something else before.

    Raises Invalid with the problems of a draft that has errors, and NotFound. An unchanged draft reuses its version.
    """
    with transaction.atomic():
        flow = lock_flow(flow_id)
        version = _published(flow, number) if number is not None else _of_draft(flow, user)
        conversation = _conversation(flow, user)
        stands = conversation.runs.filter(status=RunStatus.ACTIVE, version=version).exists()
        if conversation.pinned_version_id != version.pk or not stands:
            Conversation.objects.filter(pk=conversation.pk).update(pinned_version=version)
            conversation.pinned_version = version
            post_start(
                conversation.contact, version, source=InboxSource.OPERATOR, external_id=f"test:{version.pk}:{uuid4()}"
            )
    return TestChat(conversation, version)


def simulator_start(conversation: Conversation, *, payload: str = "") -> None:
    """The contact opens the chat: `/start`, with what a deep link carries."""
    simulator_say(conversation, text=f"/start {payload}".strip())


def simulator_say(conversation: Conversation, *, text: str) -> None:
    """The contact writes."""
    message = {**_message(conversation), "text": text}
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
    _post(conversation, {"message": message})


class Share(StrEnum):
    """What a simulated contact can send besides words."""

    CONTACT = "contact"
    OTHER_CONTACT = "other_contact"
    LOCATION = "location"
    PHOTO = "photo"
    DOCUMENT = "document"
    VOICE = "voice"


def simulator_share(conversation: Conversation, *, what: Share) -> None:
    """The contact sends something that is no text: their own card or somebody else's, a place, a file."""
    message = _message(conversation)
    _post(conversation, {"message": {**message, **_shared(what, message["from"])}})


def simulator_press(conversation: Conversation, *, data: str, message_id: int | None = None) -> None:
    """The contact presses a button, an old one included."""
    message = {**_message(conversation), **({"message_id": message_id} if message_id is not None else {})}
    query = {"id": uuid4().hex, "from": message["from"], "chat_instance": "0", "message": message, "data": data}
    _post(conversation, {"callback_query": query})


def skip_wait(conversation: Conversation, *, also_due: datetime | None = None) -> timedelta:
    """Moves the chat's clock to the end of its next wait, or to `also_due` if that comes first; answers by how much.
    What else hangs on the clock (open charges) is moved by the caller, in the same transaction.

    Raises Conflict if it waits for no time. Locks the conversation.
    """
    with transaction.atomic():
        locked = lock_conversation(conversation.pk)
        if locked is None or locked.contact.channel != Channel.SIMULATOR:
            raise NotFound("test_chat_not_found", _("This test chat was not opened yet."))
        armed = Timer.objects.filter(conversation=locked, state=TimerState.ARMED)
        timer = armed.filter(run__in=[locked.top_run_id]).order_by("due_at").values_list("due_at", flat=True).first()
        due_at = min((one for one in (timer, also_due) if one is not None), default=None)
        if due_at is None:
            raise Conflict("nothing_to_skip", _("This chat does not wait for a time."))
        skipped = max(due_at - timezone.now(), timedelta()) + A_LITTLE_MORE
        armed.update(due_at=F("due_at") - skipped)
        locked.clock_offset = (locked.clock_offset or timedelta()) + skipped
        locked.save(update_fields=["clock_offset"])
    return skipped


def _published(flow: Flow, number: int) -> FlowVersion:
    version = FlowVersion.objects.filter(flow=flow, number=number).first()
    if version is None:
        raise NotFound("version_not_found", _("This flow has no version with this number."))
    return version


def _of_draft(flow: Flow, user: User) -> FlowVersion:
    """The `test` version of the draft as it is now: same checks as a publication, never active, no number."""
    definition = completed(flow.draft, flow.bot)
    carried = embedded_for(definition, bot_id=flow.bot_id)
    problems = problems_of(definition, organization_id=flow.organization_id, bot_id=flow.bot_id, flow=flow)
    if has_errors(problems):
        raise Invalid(
            "definition_invalid",
            _("The draft cannot be tried yet: it has problems."),
            field="definition",
            problems=problems,
        )
    digest = content_hash(definition, carried)
    known = FlowVersion.objects.filter(flow=flow, kind=VersionKind.TEST.value, content_hash=digest).first()
    if known is not None:
        return known
    version = FlowVersion(
        organization_id=flow.organization_id,
        bot_id=flow.bot_id,
        flow=flow,
        kind=VersionKind.TEST.value,
        definition=definition,
        embedded=carried,
        content_hash=digest,
        created_by=user,
    )
    version.save(force_insert=True)
    return version


def _conversation(flow: Flow, user: User) -> Conversation:
    """The member's simulated contact for this flow, and its conversation; the flow's lock keeps it to one."""
    user_id = simulator_user_id(user.pk, flow.pk)
    contact, _made = Contact.objects.get_or_create(
        organization_id=flow.organization_id,
        bot_id=flow.bot_id,
        telegram_user_id=user_id,
        defaults={"channel": Channel.SIMULATOR, "first_name": user.get_short_name()},
    )
    conversation, _made = Conversation.objects.select_related("contact", "bot").get_or_create(
        organization_id=flow.organization_id,
        bot_id=flow.bot_id,
        telegram_user_id=user_id,
        defaults={"contact": contact},
    )
    return conversation


def _message(conversation: Conversation) -> dict[str, Any]:
    contact = conversation.contact
    # Ours is negative, and Telegram's reader takes people's ids only; the row says whose it is.
    person = {
        "id": -contact.telegram_user_id,
        "is_bot": False,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "username": contact.username,
        "language_code": contact.language_code,
    }
    return {
        "message_id": time.time_ns() // 1_000_000,
        "date": int(time.time()),
        "from": person,
        "chat": {**person, "type": "private"},
    }


def _shared(what: Share, person: dict[str, Any]) -> dict[str, Any]:
    """The part of the message that holds it, as the Bot API has it."""
    match what:
        case Share.CONTACT:
            names = {"first_name": person["first_name"], "last_name": person["last_name"]}
            return {"contact": {"phone_number": TEST_PHONE, "user_id": person["id"], **names}}
        case Share.OTHER_CONTACT:
            return {"contact": {"phone_number": TEST_PHONE, "first_name": "Bia"}}
        case Share.LOCATION:
            return {"location": {"latitude": TEST_PLACE[0], "longitude": TEST_PLACE[1]}}
        case Share.PHOTO:
            return {"photo": [{"file_id": f"test-{uuid4().hex}", "file_unique_id": "test", "width": 90, "height": 90}]}
        case Share.DOCUMENT:
            file = {"file_id": f"test-{uuid4().hex}", "file_name": "teste.pdf", "mime_type": "application/pdf"}
            return {"document": file}
        case Share.VOICE:
            return {"voice": {"file_id": f"test-{uuid4().hex}", "duration": 3}}


def _post(conversation: Conversation, update: dict[str, Any]) -> None:
    bot: Bot = conversation.bot
    post_raw_update(
        bot=bot,
        telegram_user_id=conversation.telegram_user_id,
        external_id=uuid4().hex,
        body=dump_json({"update_id": time.time_ns() // 1_000, **update}).encode(),
        source=InboxSource.SIMULATOR,
    )
