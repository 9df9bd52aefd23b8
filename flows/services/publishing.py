"""Publication: the only way to make a version that contacts run."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid, NotFound
from bots.models import Bot, User
from bots.services.menu import publish_menu
from flows.engine.compile import VersionKind
from flows.engine.problems import has_errors
from flows.models import Flow, FlowVersion
from flows.runtime.content import content_hash
from flows.services.definitions import completed
from flows.services.embedding import embedded_for
from flows.services.locking import lock_bot, lock_flow
from flows.services.playing import play_at_publication


def publish_version(flow_id: UUID, *, created_by: User | None = None, note: str = "") -> FlowVersion:
    """Makes the draft, with the bot's buttons, the next version. Never activates; everybody inside keeps theirs.

    Raises Invalid with every problem if there is an error, and then nothing is written. Locks the flow, so two
    publications get two numbers.
    """
    with transaction.atomic():
        flow = lock_flow(flow_id)
        bot = lock_bot(flow.bot_id)
        version = make_version(flow, bot, flow.draft, created_by=created_by, note=note)
        if flow.active:
            publish_menu(bot)
        return version


def make_version(
    flow: Flow,
    bot: Bot,
    steps: Mapping[str, Any],
    *,
    embedded: Mapping[str, Any] | None = None,
    created_by: User | None = None,
    note: str = "",
) -> FlowVersion:
    """The next version with the steps of a definition and the bot's fields; both rows are locked by the caller.

    It carries its subflows as they are published now, or as given (those of an earlier version with the same steps).
    """
    definition = completed(steps, bot)
    carried = embedded_for(definition, bot_id=bot.pk) if embedded is None else dict(embedded)
    version = FlowVersion(
        organization_id=flow.organization_id,
        bot=bot,
        flow=flow,
        kind=VersionKind.PUBLISHED.value,
        number=_last_number(flow) + 1,
        definition=definition,
        embedded=carried,
        content_hash=content_hash(definition, carried),
        note=note,
        created_by=created_by,
    )
    problems = version.problems()
    if has_errors(problems):
        raise Invalid(
            "definition_invalid",
            _("The flow was not published: it has problems. The draft is saved."),
            field="definition",
            problems=problems,
        )
    problems += play_at_publication(flow, definition, carried)
    if has_errors(problems):
        raise Invalid(
            "conversation_test_failed",
            _("The flow was not published: a saved test conversation no longer passes. The draft is saved."),
            field="definition",
            problems=problems,
        )
    version.save(force_insert=True)
    return version


def restore_version(flow_id: UUID, *, number: int) -> Flow:
    """Puts an old version back into the draft; publishing it is a step of its own. NotFound for a number not there."""
    with transaction.atomic():
        flow = lock_flow(flow_id)
        version = FlowVersion.objects.filter(flow=flow, number=number).first()
        if version is None:
            raise NotFound("version_not_found", _("This flow has no version with this number."))
        if flow.draft != version.definition:
            flow.draft = version.definition
            flow.draft_revision += 1
            flow.save(update_fields=["draft", "draft_revision", "updated_at"])
    return flow


def latest_version(flow: Flow) -> FlowVersion | None:
    """The version that new runs of the flow begin with."""
    return FlowVersion.objects.filter(flow=flow, kind=VersionKind.PUBLISHED.value).order_by("-number").first()


def _last_number(flow: Flow) -> int:
    return FlowVersion.objects.filter(flow=flow).aggregate(last=Max("number"))["last"] or 0
