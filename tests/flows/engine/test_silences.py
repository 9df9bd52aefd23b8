"""`time_elapsed` on every step that waits for somebody: counted from the later of entering and the last message."""

from datetime import timedelta
from typing import Any

import pytest

from flows.engine.conditions import ConditionType
from flows.engine.definition import STEP_MODELS
from flows.engine.effects import ArmTimer
from flows.engine.events import TimerKind
from tests.support.conversation import Talk
from tests.support.flows import a_condition, a_delay, a_message, a_payment, a_question, a_step, an_access, buttons


@pytest.mark.parametrize(
    "step",
    [
        a_message("here", "Oi"),
        buttons("here", "A"),
        a_question("here"),
        a_payment("here", next="end", pending="end"),
        a_delay("here", hours=9, next="end"),
        a_step("here", "handoff", next="end"),
    ],
    ids=lambda step: step["type"],
)
def test_silence_leads_on_from_every_step_that_waits_for_somebody(step: dict[str, Any]) -> None:
    silent = a_condition("time_elapsed", "end", minutes=2)
    talk = Talk({**step, "conditions": [silent]}, an_access("end", "Fim")).begin()
    (timer,) = [timer for timer in talk.of(ArmTimer) if timer.kind is TimerKind.ELAPSED]
    assert (talk.at, timer.due_at - talk.now) == ("here", timedelta(minutes=2))
    talk.later(minutes=1).write("espera")
    again = [timer.due_at - talk.now for timer in talk.of(ArmTimer) if timer.kind is TimerKind.ELAPSED]
    assert (talk.at, again) == ("here", [timedelta(minutes=2)])
    assert talk.later(minutes=2).timer(TimerKind.ELAPSED).said[-1] == "Fim"


def test_every_step_type_that_takes_a_silence_is_tried_above() -> None:
    takes = {kind for kind, model in STEP_MODELS.items() if ConditionType.TIME_ELAPSED in model.fitting_conditions}
    assert takes == {"message", "buttons", "question", "payment", "delay", "handoff"}
