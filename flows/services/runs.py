"""Runs begun or moved from outside: by a partner, or by the team. Each is an inbox row, like everything else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.models import Channel, Contact
from bots.services import AnyActor
from bots.services.audit import record_audit
from bots.storable import clean_text
from flows.engine.events import Event, OperatorClosed, OperatorResumed, Start
from flows.engine.limits import TELEGRAM_TEXT
from flows.models import Flow, FlowVersion, InboxSource, Run, RunStatus
from flows.services.inbox import post_event
from flows.services.publishing import latest_version


def start_run(*, contact_id: UUID, flow_id: UUID, key: str | None = None) -> None:
    """Starts the newest published version of a flow for a contact, as `/start` would: a moment later, by the drain.

    A second call with the same `key` changes nothing. Raises NotFound, and Invalid for a flow that is closed, not
    published, or another bot's.
    """
    contact = Contact.objects.filter(pk=contact_id, channel=Channel.TELEGRAM).first()
    flow = Flow.objects.filter(pk=flow_id, deleted_at=None).first()
    if contact is None:
        raise NotFound("contact_not_found", _("There is no such contact."), field="contact")
    if flow is None:
        raise NotFound("flow_not_found", _("There is no such flow."), field="flow")
    version = latest_version(flow)
    if version is None or flow.closed:
        raise Invalid("flow_not_open", _("This flow is not published or closed to new people."), field="flow")
    if flow.bot_id != contact.bot_id:
        raise Invalid("flow_of_another_bot", _("This flow belongs to another bot than the contact."), field="flow")
    post_start(contact, version, source=InboxSource.API, external_id=f"start:{key or uuid4()}")


def post_start(contact: Contact, version: FlowVersion, *, source: InboxSource, external_id: str) -> bool:
    """Asks the drain to begin a run of this very version, whatever the conversation does now."""
    return post_event(
        organization_id=contact.organization_id,
        bot_id=contact.bot_id,
        telegram_user_id=contact.telegram_user_id,
        event=Start(command=False),
        source=source,
        external_id=external_id,
        start_with=version.pk,
    )


OVER = (RunStatus.ENDED, RunStatus.CLOSED)


def resume_run(run_id: UUID, *, actor: AnyActor, key: str | None = None) -> None:
    """Sends a run on: a failed one enters its step anew, one at a `handoff` leaves by `next`, any other says its step
    again. Raises NotFound, and Conflict for a run that is over. A second call with the same `key` changes nothing.
    """
    run = _run(run_id)
    if run.status in OVER:
        raise Conflict("run_over", _("This run is over. Choose the step it should go on with."))
    _act(run, OperatorResumed(), "resume", actor=actor, key=key)


def move_run(run_id: UUID, step_id: str, *, actor: AnyActor, reason: str = "", key: str | None = None) -> None:
    """Sends a run to a step of its own version, wherever it stands: a new wait begins there and every older timer and
    button is void. A run that is over comes back, on top of what its contact does now.

    Raises NotFound for the run, Invalid for a step its version does not have. A second call with the same `key` changes
    nothing.
    """
    run = _run(run_id)
    if not _has_step(run.version.definition, step_id):
        raise Invalid("no_such_step", _("This run's version has no such step."), field="step")
    data = {"step": step_id, "from": run.step_id}
    _act(run, OperatorResumed(step_id=step_id), "move", actor=actor, reason=reason, key=key, data=data)


def close_run(
    run_id: UUID,
    *,
    actor: AnyActor,
    reason: str,
    message: str = "",
    despite_owing: bool = False,
    key: str | None = None,
) -> None:
    """Ends a run wherever it stands, after a last `message` to its contact if there is one (its variables are filled
    in). A charge that is still open stays payable, and brings the run back when it is paid.

    Raises NotFound, Invalid without a reason, and Conflict for a run that is over or, without `despite_owing`, for one
    that is paid and not served: what it owes then stays owed, in its proof of sale. The run itself looks once more
    when its turn comes. A second call with the same `key` changes nothing.
    """
    run = _run(run_id)
    if not reason.strip():
        raise Invalid("reason_required", _("Say why it is closed."), field="reason")
    if len(message) > TELEGRAM_TEXT:
        raise Invalid("message_too_long", _("The message is longer than Telegram takes."), field="message")
    if run.status in OVER:
        raise Conflict("run_over", _("This run is over already."))
    if run.owes and not despite_owing:
        raise Conflict(
            "run_owes",
            _("This run is paid and not served yet. Resume it or move it to its delivery."),
            hint=_("To close it all the same, say so: what was paid stays owed."),
        )
    event = OperatorClosed(message=clean_text(message).strip() or None, despite_owing=despite_owing)
    data = {"step": run.step_id, "owed": run.owes, "message": bool(event.message)}
    _act(run, event, "close", actor=actor, reason=reason, key=key, data=data)


def _has_step(definition: Mapping[str, Any], step_id: str) -> bool:
    steps = definition.get("flow_steps") or ()
    return any(isinstance(step, Mapping) and step.get("id") == step_id for step in steps)


def _run(run_id: UUID) -> Run:
    run = Run.objects.select_related("contact", "version").defer("state").filter(pk=run_id).first()
    if run is None:
        raise NotFound("run_not_found", _("There is no such run."))
    return run


def _act(
    run: Run,
    event: Event,
    act: str,
    *,
    actor: AnyActor,
    key: str | None,
    reason: str = "",
    data: Mapping[str, object] | None = None,
) -> None:
    """The team's act as an inbox row, written down in the same transaction; a repeated one leaves no second entry."""
    with transaction.atomic():
        is_fresh = post_event(
            organization_id=run.organization_id,
            bot_id=run.bot_id,
            telegram_user_id=run.contact.telegram_user_id,
            event=event,
            source=InboxSource.OPERATOR,
            external_id=f"{act}:{run.pk}:{key or uuid4()}",
            run_id=run.pk,
        )
        if is_fresh:
            record_audit(run, f"run.{act}", actor=actor, reason=reason, data=data)
