"""Beside the test chat: where the simulated person stands, what is known of them, what they wait for."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from bots.models import Contact
from bots.web.moments import span
from flows import selectors
from flows.engine.variables import CONTACT_SCOPE
from flows.models import Conversation, Run
from flows.web.looks import RUN_STATUS
from flows.web.steps import flow_of_present_step, present_step


@dataclass(frozen=True, slots=True)
class Wait:
    """What would happen by itself, and in how long."""

    left: str


def panel_context(conversation: Conversation) -> dict[str, Any]:
    """What `flows/test_chat_panel.html` shows; lengths of time are whole minutes, so that it seldom changes."""
    run = selectors.test_run(conversation)
    blocked = conversation.contact.blocked_at is not None
    if run is None:
        return {"run": None, "blocked": blocked}
    due_at = selectors.next_wait(run)
    return {
        "run": run,
        "blocked": blocked,
        "run_step_id": run.state.get("step_id") or "",
        "step_flow_id": flow_of_present_step(run),
        "run_look": RUN_STATUS[run.status],
        "step": present_step(run),
        "variables": _known(run, conversation.contact),
        "wait": Wait(span(due_at - timezone.now())) if due_at else None,
    }


def _known(run: Run, contact: Contact) -> list[tuple[str, object]]:
    """The run's variables, then the contact's under their scope, then the tags."""
    own = {f"{CONTACT_SCOPE}{name}": value for name, value in contact.variables.items()}
    tags = [("tags", ", ".join(contact.tags))] if contact.tags else []
    return [*sorted((run.state.get("variables") or {}).items()), *sorted(own.items()), *tags]
