"""What a member does in a test chat besides talking: begin at a step, change what is known, block the bot."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.models import Channel, Contact
from flows.engine import limits
from flows.engine.events import Event, OperatorResumed, Start, VariablesSet
from flows.engine.fields import VARIABLE_NAME
from flows.engine.variables import is_reserved
from flows.models import Conversation, InboxSource, Run, RunStatus
from flows.runtime.locking import lock_conversation
from flows.services.inbox import post_event

NO_VARIABLES: Final[Mapping[str, object]] = {}


class Beginning(StrEnum):
    """How a step is gone to: by a new run that knows nothing yet, or by the present one with all it knows."""

    ANEW = "anew"
    GO_ON = "go_on"


def begin_at(conversation: Conversation, step_id: str, *, how: Beginning = Beginning.ANEW) -> None:
    """Begins the pinned version at this step, or sends the run that is under way there.

    Raises Invalid for a step that its version does not have, and Conflict where there is nothing to go on with.
    """
    _refuse_people(conversation)
    if how is Beginning.GO_ON:
        run = _waiting_run(conversation)
        _refuse_unknown(run.version.definition, step_id)
        _post(conversation, OperatorResumed(step_id), run=run)
        return
    version = conversation.pinned_version
    if version is None:
        raise Conflict("nothing_pinned", _("Open the test chat again: it does not know what to run."))
    _refuse_unknown(version.definition, step_id)
    _post(conversation, Start(command=False, step_id=step_id), start_with=version.pk)


def set_variables(
    conversation: Conversation, variables: Mapping[str, object] = NO_VARIABLES, *, cleared: tuple[str, ...] = ()
) -> None:
    """Writes and clears variables of the run that is under way, or (`contact.`) of its contact.

    Raises Invalid for a name that no step could write, and Conflict where no run is under way.
    """
    _refuse_people(conversation)
    for name in (*variables, *cleared):
        if len(name) > limits.MAX_NAME or not VARIABLE_NAME.fullmatch(name) or is_reserved(name):
            raise Invalid("variable_name", _("No variable can have this name."), field="name")
    _post(conversation, VariablesSet(dict(variables), cleared), run=_waiting_run(conversation))


def set_blocked(conversation: Conversation, *, blocked: bool) -> None:
    """The contact blocks the bot, so that nothing reaches them, or unblocks it; whatever they say unblocks it too.
    Locks the conversation."""
    _refuse_people(conversation)
    with transaction.atomic():
        lock_conversation(conversation.pk)
        Contact.objects.filter(pk=conversation.contact_id).update(blocked_at=timezone.now() if blocked else None)


def _refuse_people(conversation: Conversation) -> None:
    if conversation.contact.channel != Channel.SIMULATOR:
        raise NotFound("test_chat_not_found", _("This test chat was not opened yet."))


def _refuse_unknown(definition: Mapping[str, object], step_id: str) -> None:
    steps = definition.get("flow_steps")
    if not isinstance(steps, list) or all(step.get("id") != step_id for step in steps):
        raise Invalid("no_such_step", _("This flow has no such step."), field="step")


def _waiting_run(conversation: Conversation) -> Run:
    runs = Run.objects.select_related("version").filter(conversation=conversation, status=RunStatus.ACTIVE)
    run = runs.filter(pk__in=[conversation.top_run_id]).first()
    if run is None:
        raise Conflict("nothing_under_way", _("Nobody is inside this flow now: begin first."))
    return run


def _post(conversation: Conversation, event: Event, *, run: Run | None = None, start_with: UUID | None = None) -> None:
    post_event(
        organization_id=conversation.organization_id,
        bot_id=conversation.bot_id,
        telegram_user_id=conversation.telegram_user_id,
        event=event,
        source=InboxSource.OPERATOR,
        external_id=f"test:{conversation.pk}:{uuid4()}",
        run_id=run.pk if run is not None else None,
        start_with=start_with,
    )
