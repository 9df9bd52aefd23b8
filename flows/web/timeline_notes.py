"""What a timeline entry adds in words: which button, how much, why."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bots.errors import Text
from flows.engine.coupons import Refusal
from flows.engine.effects import TimelineKind
from flows.engine.events import NEW_CODE_BUTTON, PAID_BUTTON
from flows.engine.moving import Kept
from flows.models import TimelineEntry
from flows.web.steps import step_of

KEPT: Final[Mapping[str, Text]] = {
    Kept.ELSEWHERE: gettext_lazy("It had left the step that the choice was about."),
    Kept.OWED: gettext_lazy("It is paid and not served yet: the version that was bought serves it."),
    Kept.COVERED: gettext_lazy("Another conversation with this person came first."),
    Kept.CHANGED: gettext_lazy("The step changed by more than its texts, or waits for an answer from outside."),
}

REFUSED_COUPON: Final[Mapping[str, Text]] = {
    Refusal.UNKNOWN: gettext_lazy("no coupon of this step has that code"),
    Refusal.EXPIRED: gettext_lazy("its last day is over"),
    Refusal.USED_UP: gettext_lazy("every sale it allows is taken"),
    Refusal.DOES_NOT_FIT: gettext_lazy("it does not fit the amount"),
}


def note_of(entry: TimelineEntry, definition: Mapping[str, Any]) -> str:
    """A short line under the entry; empty where there is nothing to add."""
    data = entry.data
    match entry.kind:
        case TimelineKind.PRESSED | TimelineKind.STALE_PRESS:
            return _button(data.get("index"), definition, entry.step_id)
        case (
            TimelineKind.PAID
            | TimelineKind.CHARGE_REQUESTED
            | TimelineKind.CHARGE_READY
            | TimelineKind.PAYMENT_CHANGED
            | TimelineKind.PAYMENT_CHECKED
        ):
            return _money(data.get("amount_minor"), definition, entry.step_id)
        case TimelineKind.COUPON_USED:
            off = _money(data.get("discount_minor"), definition, entry.step_id)
            return " · ".join(filter(None, [str(data.get("coupon") or ""), f"−{off}" if off else ""]))
        case TimelineKind.COUPON_REFUSED:
            why = REFUSED_COUPON.get(str(data.get("code")), "")
            return " · ".join(filter(None, [str(data.get("coupon") or ""), str(why)]))
        case TimelineKind.PROBLEM if data.get("code") == "media_not_sent":
            return _("A medium could not be sent (%(error)s). The rest of the message was.") % {
                "error": data.get("error")
            }
        case TimelineKind.CHARGE_FAILED | TimelineKind.PROBLEM | TimelineKind.FAILED:
            return " · ".join(filter(None, [str(data.get("code") or ""), _path(data.get("path"))]))
        case TimelineKind.HTTP_ANSWERED | TimelineKind.HTTP_FAILED:
            return _call(data)
        case TimelineKind.RESUMED if data.get("by_team"):
            return _("by the team")
        case TimelineKind.CLOSED if data.get("owed"):
            return _("It was paid and not served.")
        case TimelineKind.CLOSED if data.get("number"):
            return _("chosen when version %(number)s was published") % {"number": data["number"]}
        case TimelineKind.VERSION_MOVED:
            return _moved(data)
        case TimelineKind.VERSION_KEPT:
            return str(KEPT.get(str(data.get("why")), ""))
        case TimelineKind.VARIABLES_SET:
            return ", ".join(map(str, data.get("names") or ()))
        case TimelineKind.STEP_MISSING:
            return str(data.get("missing") or "")
        case _:
            return ""


def _moved(data: Mapping[str, Any]) -> str:
    told = {"number": data.get("number"), "step": data.get("to")}
    if data.get("carried"):
        return _("version %(number)s, where it stood, without hearing the step again") % told
    return _("version %(number)s, at the step %(step)s") % told


def _button(index: object, definition: Mapping[str, Any], step_id: str | None) -> str:
    if index == PAID_BUTTON:
        return _("“I have paid”")
    if index == NEW_CODE_BUTTON:
        return _("“New code”")
    step = step_of(definition, step_id)
    buttons: Sequence[Any] = (step.get("config") or {}).get("custom_buttons") or () if step else ()
    if isinstance(index, int) and 0 <= index < len(buttons) and isinstance(buttons[index], Mapping):
        return f"“{buttons[index].get('text', '')}”"
    return ""


def _money(minor: object, definition: Mapping[str, Any], step_id: str | None) -> str:
    if not isinstance(minor, int):
        return ""
    step = step_of(definition, step_id) or {}
    if (step.get("config") or {}).get("currency") == "XTR":
        return f"⭐ {minor}"
    return f"R$ {number_format(Decimal(minor) / 100, decimal_pos=2, force_grouping=True)}"


def _call(data: Mapping[str, Any]) -> str:
    """How the other system answered, and how long it took."""
    took, status, code = data.get("milliseconds"), data.get("status"), data.get("code")
    parts = [f"HTTP {status}" if status else "", str(code or ""), f"{took} ms" if isinstance(took, int) else ""]
    return " · ".join(filter(None, parts))


def _path(path: object) -> str:
    return " → ".join(str(step) for step in path) if isinstance(path, list) else ""
