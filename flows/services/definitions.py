"""Flows and their drafts: made, edited under a revision, checked, put away. Nothing here reaches a contact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid, NotFound, Stale
from bots.models import Bot
from bots.models.bot import FLOW_FIELDS
from bots.services import SYSTEM, AnyActor, record_audit
from bots.services.menu import publish_menu
from flows.catalogue import catalogue_of
from flows.engine.hygiene import inspect
from flows.engine.problems import Problem, has_errors, in_words
from flows.engine.validation import validate
from flows.models import Flow
from flows.models.flow import language
from flows.services.embedding import embedded_for
from flows.services.locking import lock_bot, lock_flow
from flows.services.playing import play_tests, problems_of_tests, tests_of

NAME_LENGTH: Final = 120
# A document with nothing to find fault with but the bot's own fields.
BARE_STEPS: Final[Mapping[str, Any]] = {
    "spec_version": 1,
    "flow_start_step_id": "end",
    "flow_steps": [{"id": "end", "type": "access", "config": {"text": "."}}],
}


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A flow as it was saved, and everything that is wrong with its draft."""

    flow: Flow
    problems: tuple[Problem, ...]


class DraftChangedMeanwhile(Stale):
    """Somebody saved first. `flow` holds what they saved; what was sent is still the sender's."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(
            "draft_changed",
            _("Somebody else saved this flow meanwhile. Nothing of yours was lost: compare both and save again."),
            field="revision",
        )
        self.flow = flow


def problems_of(
    definition: object, *, organization_id: UUID, bot_id: UUID, flow: Flow | None = None
) -> tuple[Problem, ...]:
    """Every problem of a definition, of that flow's where there is one, in the language of the request."""
    flow_id, name = (flow.pk, flow.name) if flow is not None else (None, "")
    catalogue = catalogue_of(organization_id, bot_id, flow_id=flow_id, flow_name=name)
    return validate(definition, catalogue, locale=language())


def problems_of_bot(bot: Bot) -> tuple[Problem, ...]:
    """Every problem of the bot's own welcome message and buttons."""
    return problems_of(completed(BARE_STEPS, bot), organization_id=bot.organization_id, bot_id=bot.pk)


def create_flow(*, bot_id: UUID, name: str, definition: Any, actor: AnyActor = SYSTEM) -> CheckedDraft:
    """A flow with this draft, whatever its problems. Sound welcome message and buttons in it fill the bot's empty ones.

    Raises Invalid for a name or a document that cannot be kept at all, NotFound for a bot that is not there.
    """
    clean_name = _checked_name(name)
    _refuse_unstorable(definition)
    with transaction.atomic():
        bot = lock_bot(bot_id)
        _fill_empty_fields(bot, definition)
        flow = Flow.objects.create(
            organization_id=bot.organization_id, bot=bot, name=clean_name, draft=dict(definition)
        )
        record_audit(flow, "flow.created", actor=actor, data={"name": clean_name})
    return CheckedDraft(flow, flow.problems())


def rename_flow(flow_id: UUID, *, name: str, actor: AnyActor = SYSTEM) -> Flow:
    """Another name; never blocked by a draft that is half built."""
    clean_name = _checked_name(name)
    with transaction.atomic():
        flow = lock_flow(flow_id)
        before, flow.name = flow.name, clean_name
        if before != clean_name:
            flow.save(update_fields=["name", "updated_at"])
            record_audit(flow, "flow.renamed", actor=actor, data={"from": before, "to": clean_name})
    return flow


def save_draft(
    flow_id: UUID, *, definition: Any, expected_revision: int, replaced_by: AnyActor | None = None
) -> CheckedDraft:
    """Replaces the draft if its revision is still `expected_revision`; saved with all its problems.

    Raises DraftChangedMeanwhile when it is not, and then nothing is written. Saving what is there already changes
    nothing, its revision included, so it is safe to repeat. An editor saves every few seconds, which leaves no trace;
    `replaced_by` says who put another document in its place.
    """
    _refuse_unstorable(definition)
    with transaction.atomic():
        flow = lock_flow(flow_id)
        if flow.draft_revision != expected_revision:
            raise DraftChangedMeanwhile(flow)
        if flow.draft != definition:
            flow.draft = dict(definition)
            flow.draft_revision += 1
            flow.save(update_fields=["draft", "draft_revision", "updated_at"])
            if replaced_by is not None:
                record_audit(flow, "flow.draft_replaced", actor=replaced_by, data={"revision": flow.draft_revision})
    return CheckedDraft(flow, check_draft(flow))


def check_draft(flow: Flow) -> tuple[Problem, ...]:
    """Every problem of the draft as it would be published now; a sound one is also held against the flow's saved test
    conversations."""
    return check_definition(flow, flow.draft)


def check_definition(flow: Flow, draft: object) -> tuple[Problem, ...]:
    """The same of what may become the flow's draft. It plays every test in memory, within the time of a keystroke's
    check (docs/performance.md)."""
    definition = completed(draft, flow.bot)
    problems = problems_of(definition, organization_id=flow.organization_id, bot_id=flow.bot_id, flow=flow)
    tests = [] if has_errors(problems) else tests_of(flow)
    if not tests:
        return problems
    carried = embedded_for(definition, bot_id=flow.bot_id)
    return problems + problems_of_tests(play_tests(tests, flow, definition, carried))


def delete_flow(flow_id: UUID, *, actor: AnyActor = SYSTEM) -> None:
    """Hides and deactivates; versions stay, and whoever is inside goes on to the end."""
    with transaction.atomic():
        flow = lock_flow(flow_id)
        was_active, flow.active = flow.active, False
        flow.deleted_at = timezone.now()
        flow.save(update_fields=["active", "deleted_at", "updated_at"])
        record_audit(flow, "flow.deleted", actor=actor, data={"name": flow.name})
        if was_active:
            publish_menu(flow.bot)


def completed(definition: Any, bot: Bot) -> Any:
    """The definition with the bot's welcome message and buttons in it: complete in itself, as a version must be.

    What is no object stays what it is, for validation to refuse.
    """
    return {**definition, **bot.flow_fields} if isinstance(definition, Mapping) else definition


def _fill_empty_fields(bot: Bot, definition: Mapping[str, Any]) -> None:
    filled = []
    for name in FLOW_FIELDS:
        empty, given = getattr(bot, name), definition.get(name)
        if empty or not given or type(given) is not type(empty):
            continue
        setattr(bot, name, given)
        if has_errors(problems_of_bot(bot)):
            setattr(bot, name, empty)
        else:
            filled.append(name)
    if filled:
        bot.save(update_fields=filled)


def _checked_name(name: str) -> str:
    clean = name.strip()
    if not clean or len(clean) > NAME_LENGTH:
        raise Invalid(
            "flow_name", _("Give the flow a name of 1 to %(most)d characters.") % {"most": NAME_LENGTH}, field="name"
        )
    return clean


def _refuse_unstorable(definition: object) -> None:
    """What neither JSON nor the database can hold is refused whole: keeping half of it would lose the rest."""
    inspected = inspect(definition)
    if not isinstance(definition, Mapping) or inspected.findings:
        problems = [in_words(finding, language()) for _path, finding in inspected.findings]
        raise Invalid(
            "definition_unreadable",
            _("This is no flow definition: send one JSON object of at most 1 MiB."),
            field="definition",
            problems=problems,
        )


def require_flow(flow_id: UUID) -> Flow:
    """The flow of the active organization; NotFound if deleted or not there."""
    flow = Flow.objects.select_related("bot").filter(pk=flow_id, deleted_at=None).first()
    if flow is None:
        raise NotFound("flow_not_found", _("There is no such flow."))
    return flow
