"""Publication: the only way to make a version that contacts run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid, NotFound, Stale
from bots.models import Bot, User
from bots.services import SYSTEM, Actor, AnyActor, record_audit
from bots.services.menu import publish_menu
from flows.engine.compile import VersionKind
from flows.engine.events import StepChoice
from flows.engine.problems import has_errors
from flows.models import Flow, FlowVersion
from flows.runtime.content import content_hash
from flows.services.definitions import completed
from flows.services.embedding import embedded_for
from flows.services.impact import texts_choices
from flows.services.locking import lock_bot, lock_flow
from flows.services.moving import checked_choices, move_people
from flows.services.playing import play_at_publication


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody looked at before they decided to publish: the draft's revision, and the newest version's number."""

    revision: int
    number: int | None


def publish_version(
    flow_id: UUID,
    *,
    actor: AnyActor = SYSTEM,
    note: str = "",
    choices: Mapping[str, StepChoice] | None = None,
    apply_texts: bool = False,
    seen: Seen | None = None,
) -> FlowVersion:
    """Makes the draft, with the bot's buttons, the next version. Never activates.

    Whoever is inside keeps their version, but where `choices` say otherwise for the step they wait at: that is carried
    out a moment later, by the drain. `apply_texts` carries everybody on, where nothing but texts changed. With `seen`,
    it raises Stale if the draft or the newest version is another by now.
    Raises Invalid with every problem if there is an error, or for a choice that cannot be; then nothing is written.
    Locks the flow, so two publications get two numbers.
    """
    with transaction.atomic():
        flow = lock_flow(flow_id)
        bot = lock_bot(flow.bot_id)
        if seen is not None:
            _refuse_stale(flow, seen)
        chosen = {**(texts_choices(flow) if apply_texts else {}), **(choices or {})}
        version = make_version(flow, bot, flow.draft, created_by=Actor.of(actor).user, note=note)
        moved = move_people(version, checked_choices(chosen, version.definition))
        record_audit(flow, "flow.published", actor=actor, data=_told(version, chosen, moved))
        if flow.active:
            publish_menu(bot)
        return version


def _refuse_stale(flow: Flow, seen: Seen) -> None:
    latest = latest_version(flow)
    if flow.draft_revision != seen.revision:
        raise Stale(
            "draft_changed",
            _("The draft was changed after you opened this page. Nothing was published: look at it again."),
            field="revision",
        )
    if (latest.number if latest is not None else None) != seen.number:
        raise Stale(
            "published_meanwhile",
            _("Somebody else published meanwhile. Nothing of yours was published: look at what is new first."),
            field="number",
        )


def _told(version: FlowVersion, choices: Mapping[str, StepChoice], people: int) -> dict[str, Any]:
    told: dict[str, Any] = {"number": version.number, "note": version.note}
    if choices:
        told["choices"] = {step_id: choice.fate.value for step_id, choice in choices.items()}
        told["people"] = people
    return told


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


def restore_version(flow_id: UUID, *, number: int, actor: AnyActor = SYSTEM) -> Flow:
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
        record_audit(flow, "flow.restored", actor=actor, data={"number": number})
    return flow


def close_to_new(flow_id: UUID, *, closed: bool, actor: AnyActor = SYSTEM) -> Flow:
    """Closes a flow to new people, or opens it again: while it is closed, its bot does for them as if the flow were
    off, and whoever is inside finishes. Saying again what is so changes nothing."""
    with transaction.atomic():
        flow = lock_flow(flow_id)
        if flow.closed != closed:
            flow.closed = closed
            flow.save(update_fields=["closed", "updated_at"])
            record_audit(flow, "flow.closed" if closed else "flow.opened", actor=actor)
    return flow


def latest_version(flow: Flow) -> FlowVersion | None:
    """The version that new runs of the flow begin with."""
    return FlowVersion.objects.filter(flow=flow, kind=VersionKind.PUBLISHED.value).order_by("-number").first()


def _last_number(flow: Flow) -> int:
    return FlowVersion.objects.filter(flow=flow).aggregate(last=Max("number"))["last"] or 0
