"""What a new flow may begin as: small, complete, publishable."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from flows.engine.definition import SPEC_VERSION
from flows.web.forms import StartFrom


def starter(start_from: StartFrom) -> Mapping[str, Any]:
    """A definition in the language of the member who asks for it."""
    match start_from:
        case StartFrom.SALE:
            return _document("welcome", _sale_steps())
        case StartFrom.BLANK:
            return _document("welcome", [_step("welcome", "access", 0, {"text": _("Hello, {{first_name}}!")})])


def _sale_steps() -> list[dict[str, Any]]:
    want = _("I want in")
    return [
        _step(
            "welcome",
            "buttons",
            0,
            {
                "text": _("Hello, {{first_name}}! This is the VIP group. Shall we?"),
                "custom_buttons": [{"text": want, "price": "29.90", "description": _("VIP group, 30 days")}],
            },
            conditions=[{"type": "button_click", "button_text": want, "target_step": "email", "order": 1}],
        ),
        _step(
            "email",
            "question",
            1,
            {
                "text": _("Which e-mail should the receipt go to?"),
                "save_as": "email",
                "retry_text": _("That does not look like an e-mail. Try again, like ana@example.com"),
            },
            conditions=[{"type": "text_validation", "validation": "email", "target_step": "payment"}],
        ),
        _step(
            "payment",
            "payment",
            2,
            {"text": _("Here is your PIX code. Access comes the moment it is paid."), "pending_minutes": 10},
            connections={"next": "access", "pending": "reminder", "retry": None},
        ),
        _step(
            "reminder",
            "message",
            3,
            {"text": _("Your code is still open. Whenever you pay, access comes by itself.")},
            connections={"next": "goodbye", "pending": None, "retry": None},
        ),
        _step("goodbye", "access", 4, {"text": _("See you soon!")}),
        _step(
            "access",
            "access",
            3,
            {"text": _("Paid, thank you! Here is your access:"), "link": "https://example.com/vip"},
        ),
    ]


def _document(start: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "spec_version": SPEC_VERSION,
        "flow_enabled": True,
        "flow_start_step_id": start,
        "on_start": "restart",
        "triggers": [],
        "allow_loops": False,
        "flow_steps": steps,
    }


def _step(
    step_id: str,
    kind: str,
    column: int,
    config: dict[str, Any],
    *,
    connections: dict[str, str | None] | None = None,
    conditions: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    step: dict[str, Any] = {"id": step_id, "type": kind, "position": {"x": column * 320, "y": 0}, "config": config}
    if connections:
        step["connections"] = connections
    if conditions:
        step["conditions"] = conditions
    return step
