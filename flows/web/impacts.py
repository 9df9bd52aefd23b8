"""People at each step as the publish page shows them, with what may be chosen for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from bots.web.looks import Look, Tone
from flows.services.impact import Impact, StepFate, StepImpact
from flows.web.looks import StepLook, step_look
from flows.web.publish_form import PREFIX, Action, ChoiceForm
from flows.web.steps import steps_of

FATES: Final[Mapping[StepFate, Look]] = {
    StepFate.REMOVED: Look("trash-2", _("Removed"), Tone.BROKEN),
    StepFate.CHANGED: Look("pencil", _("Changed"), Tone.NEEDS),
    StepFate.TEXTS: Look("languages", _("Only texts")),
    StepFate.KEPT: Look("circle-check", _("Kept"), Tone.GO),
}


@dataclass(frozen=True, slots=True)
class ShownImpact:
    """One step with its people, the form of its choice, and the actions that make sense for it."""

    impact: StepImpact
    look: StepLook
    fate: Look
    form: ChoiceForm
    actions: Sequence[Action]
    targets: Sequence[tuple[str, str]]

    @property
    def is_urgent(self) -> bool:
        """Whether the draft takes from these people what they stand on."""
        return self.impact.fate in (StepFate.REMOVED, StepFate.CHANGED)

    @property
    def chosen(self) -> str:
        return str(self.form["action"].value())


def shown_impacts(impact: Impact, sent: Any, targets: Sequence[tuple[str, str]]) -> list[ShownImpact]:
    """In the order of the impact; what was typed for a step stays with it, wherever it stands now."""
    typed = {form["step"].value(): form for form in sent} if sent is not None else {}
    shown = []
    for place, step in enumerate(impact.steps):
        form = typed.get(step.step_id)
        data = _under(place, form) if form is not None else None
        initial = {"step": step.step_id, "action": Action.FINISH, "to_step": _likely(step, targets)}
        shown.append(
            ShownImpact(
                impact=step,
                look=step_look(step.type),
                fate=FATES[step.fate],
                form=ChoiceForm(data, prefix=f"{PREFIX}-{place}", initial=initial),
                actions=[one for one in Action if one is not Action.CARRY or step.carries],
                targets=targets,
            )
        )
    return shown


def step_choices(draft: Any) -> list[tuple[str, str]]:
    """The steps of the draft, for a list to choose from."""
    return [(step.id, f"{step.id} ({step.look.label})") for step in steps_of(draft)] if isinstance(draft, dict) else []


def _likely(step: StepImpact, targets: Sequence[tuple[str, str]]) -> str:
    """The step itself where the new version has it."""
    return step.step_id if any(step_id == step.step_id for step_id, _name in targets) else ""


def _under(place: int, form: ChoiceForm) -> dict[str, Any]:
    return {f"{PREFIX}-{place}-{name}": form[name].value() for name in form.fields}
