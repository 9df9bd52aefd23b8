"""Who would notice a publication: people by step, over every version that somebody is still in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid, NotFound
from bots.models import Channel
from flows.engine.compile import VersionKind
from flows.engine.difference import Change, Difference, difference
from flows.engine.events import Fate, StepChoice
from flows.models import Flow, FlowVersion, Run, RunStatus
from flows.selectors import versions_of
from flows.services.definitions import completed


class StepFate(StrEnum):
    """What the draft does to a step where people wait; `texts`: it says something else and leads where it led."""

    REMOVED = "removed"
    CHANGED = "changed"
    TEXTS = "texts"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class StepImpact:
    """People at one step. `versions` says how many are in which version, `owed` how many of them paid and wait for
    what they bought: they finish where they are, whatever is chosen."""

    step_id: str
    type: str
    fate: StepFate
    people: int
    owed: int
    versions: tuple[tuple[int, int], ...]

    @property
    def carries(self) -> bool:
        """Whether they could go on in the newer version without hearing the step again."""
        return self.fate in (StepFate.TEXTS, StepFate.KEPT)


@dataclass(frozen=True, slots=True)
class Impact:
    """What publishing the draft now would change since `since` (None: nothing was published), and for whom."""

    since: FlowVersion | None
    difference: Difference
    steps: tuple[StepImpact, ...]

    @property
    def people(self) -> int:
        return sum(step.people for step in self.steps)

    @property
    def texts_people(self) -> int:
        """How many could hear the new texts from their next step on, where nothing but texts changed."""
        return sum(step.people for step in self.steps if step.carries) if self.difference.texts_only else 0


def impact_of(flow: Flow) -> Impact:
    """Difference and people, in three statements however many people and versions there are."""
    draft = completed(flow.draft, flow.bot)
    since = versions_of(flow.pk).first()
    counted = list(
        people_inside(flow)
        .values("version_id", "version__number", "step_id")
        .annotate(people=Count("pk"), owed=Count("pk", filter=Q(owes=True)))
    )
    inhabited = {row["version_id"] for row in counted}
    definitions = dict(FlowVersion.objects.filter(pk__in=inhabited).values_list("pk", "definition"))
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in counted:
        rows.setdefault(str(row["step_id"]), []).append(dict(row))
    after = _steps_of(draft)
    steps = [_step_impact(step_id, found, definitions, after) for step_id, found in rows.items()]
    order = list(StepFate)
    return Impact(
        since=since,
        difference=difference(since.definition if since is not None else {}, draft),
        steps=tuple(sorted(steps, key=lambda step: (order.index(step.fate), -step.people, step.step_id))),
    )


def texts_choices(flow: Flow) -> dict[str, StepChoice]:
    """Everybody inside goes on in the new version where they are, hearing nothing twice. Raises Invalid where the draft
    changes more than texts."""
    impact = impact_of(flow)
    if not impact.difference.texts_only:
        raise Invalid(
            "not_texts_only",
            _("More than texts changed since the last version: choose for each step what becomes of its people."),
            field="apply_texts",
        )
    return {step.step_id: StepChoice(Fate.CARRY) for step in impact.steps if step.carries}


def compared(flow: Flow, before: int | None, after: int | None) -> Difference:
    """What became of one version in another; None is the draft, with its bot's fields. Raises NotFound."""
    return difference(_definition(flow, before), _definition(flow, after))


def _definition(flow: Flow, number: int | None) -> Any:
    if number is None:
        return completed(flow.draft, flow.bot)
    version = versions_of(flow.pk).filter(number=number).first()
    if version is None:
        raise NotFound("version_not_found", _("This flow has no version with this number."))
    return version.definition


def people_inside(flow: Flow) -> "QuerySet[Run]":
    """The runs of real people that wait at a step of any published version of the flow."""
    return Run.objects.filter(
        version__flow=flow,
        version__kind=VersionKind.PUBLISHED.value,
        status=RunStatus.ACTIVE,
        contact__channel=Channel.TELEGRAM,
        step_id__isnull=False,
    )


def _step_impact(
    step_id: str, rows: list[dict[str, Any]], definitions: Mapping[Any, Any], after: Mapping[str, Any]
) -> StepImpact:
    befores = [_steps_of(definitions[row["version_id"]]).get(step_id) for row in rows]
    fates = [_fate(before, after.get(step_id)) for before in befores]
    known: Mapping[str, Any] = next((step for step in (after.get(step_id), *befores) if step is not None), {})
    return StepImpact(
        step_id=step_id,
        type=str(known.get("type", "")),
        # The gravest of them: it decides what may be chosen for all who wait here.
        fate=min(fates, key=list(StepFate).index),
        people=sum(row["people"] for row in rows),
        owed=sum(row["owed"] for row in rows),
        versions=tuple(sorted(((row["version__number"], row["people"]) for row in rows), reverse=True)),
    )


def _fate(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> StepFate:
    if after is None:
        return StepFate.REMOVED
    if before is None:
        return StepFate.CHANGED
    steps = difference({"flow_steps": [before]}, {"flow_steps": [after]}).steps if before != after else ()
    if not steps:
        return StepFate.KEPT
    return StepFate.TEXTS if steps[0].kind is Change.CHANGED and steps[0].texts_only else StepFate.CHANGED


def _steps_of(definition: Any) -> dict[str, Any]:
    steps = definition.get("flow_steps") if isinstance(definition, Mapping) else None
    found = [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
    return {str(step.get("id")): step for step in reversed(found)}
