"""Runs begun or moved from outside: by a partner, or by the team. Each is an inbox row, like everything else."""

from uuid import UUID, uuid4

from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.models import Channel, Contact
from flows.engine.events import OperatorResumed, Start
from flows.models import Flow, FlowVersion, InboxSource, Run
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


def resume_run(run_id: UUID, *, step_id: str | None = None, key: str | None = None) -> None:
    """Sends a run on that stands still: to a step of its version, or again at the one where it stands.

    Raises NotFound, and Conflict for a run that is over. A second call with the same `key` changes nothing.
    """
    run = Run.objects.select_related("contact").filter(pk=run_id).first()
    if run is None:
        raise NotFound("run_not_found", _("There is no such run."))
    if step_id is None and run.step_id is None and run.ended_at is not None and not run.failure:
        raise Conflict("run_over", _("This run is over. Choose the step it should go on with."))
    post_event(
        organization_id=run.organization_id,
        bot_id=run.bot_id,
        telegram_user_id=run.contact.telegram_user_id,
        event=OperatorResumed(step_id=step_id),
        source=InboxSource.OPERATOR,
        external_id=f"resume:{key or uuid4()}",
        run_id=run.pk,
    )
