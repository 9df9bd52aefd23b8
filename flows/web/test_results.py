"""What a saved test showed when it was last played, as a page lists it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from flows.models import ConversationTest

LABELS: Mapping[str, tuple[str, Text]] = {
    "text": ("message-circle", _("Writes")),
    "command": ("message-circle", _("Sends a command")),
    "media": ("upload", _("Sends media")),
    "contact": ("user", _("Shares a phone number")),
    "location": ("globe", _("Shares a place")),
    "press": ("mouse-pointer-click", _("Presses")),
    "wait": ("hourglass", _("Time passes")),
    "payment": ("banknote", _("Charge")),
    "charge_failed": ("circle-x", _("No charge can be made")),
    "http_answer": ("webhook", _("An address answers")),
    "operator_resume": ("play", _("The team sends it on")),
    "set_variables": ("variable", _("Variables are changed by hand")),
    "expect_replies": ("message-square-text", _("Expects messages")),
    "expect_no_reply": ("message-square-text", _("Expects no message")),
    "expect_notice": ("bell", _("Expects a notice")),
    "expect_variables": ("variable", _("Expects variables")),
    "expect_tags": ("flag", _("Expects tags")),
    "expect_step": ("workflow", _("Expects the step")),
    "expect_state": ("circle-dot", _("Expects the conversation")),
    "expect_charge": ("qr-code", _("Expects a charge")),
    "expect_attention": ("hand", _("Expects a call for the team")),
    "document": ("file-json", _("The test itself")),
}


@dataclass(frozen=True, slots=True)
class ShownResult:
    """One item: its words, whether it went well, and what was said."""

    icon: str
    label: Text
    detail: str
    ok: bool
    expected: str
    came: str
    heard: tuple[str, ...]


def shown_results(test: ConversationTest) -> list[ShownResult]:
    """The items that were played, in their order; none if it was not played since it was changed."""
    report = test.last_report if isinstance(test.last_report, dict) else {}
    steps = test.document.get("steps") if isinstance(test.document, dict) else None
    items = steps if isinstance(steps, list) else []
    return [_shown(result, items) for result in report.get("results", ())]


def _shown(result: Mapping[str, Any], items: list[Any]) -> ShownResult:
    icon, label = LABELS.get(str(result["type"]), ("circle", str(result["type"])))
    place = result["place"]
    item = items[place] if place < len(items) and isinstance(items[place], dict) else {}
    return ShownResult(
        icon=icon,
        label=label,
        detail=_detail(item),
        ok=result["ok"],
        expected=result["expected"],
        came=result["came"],
        heard=tuple(one["text"] for one in result["heard"]),
    )


def _detail(item: Mapping[str, Any]) -> str:
    """What of the item tells it from its neighbours."""
    for name in ("text", "command", "outcome", "step", "state", "kind", "phone_number", "amount", "reason"):
        if item.get(name) is not None:
            return str(item[name])
    if item.get("type") == "set_variables":
        return ", ".join(item.get("variables") or ())
    units = [f"{item[unit]:g} {unit}" for unit in ("days", "hours", "minutes", "seconds") if item.get(unit)]
    return ", ".join(units)
