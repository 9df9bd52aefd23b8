"""Icons, words and hues of flows: steps, runs, what happened."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.web.looks import Look, Tone
from flows.engine.content import MediaType
from flows.engine.effects import TimelineKind
from flows.engine.steps.model import StepType
from flows.models import RunStatus
from flows.standing_still import Kind


@dataclass(frozen=True, slots=True)
class StepLook:
    """One icon and one hue per step type, the same everywhere."""

    icon: str
    hue: str
    label: Text


STEPS: Mapping[str, StepLook] = {
    StepType.MESSAGE: StepLook("message-square-text", "say", _("Message")),
    StepType.BUTTONS: StepLook("square-mouse-pointer", "ask", _("Buttons")),
    StepType.QUESTION: StepLook("message-circle-question", "ask", _("Question")),
    StepType.PAYMENT: StepLook("qr-code", "money", _("Payment")),
    StepType.ACCESS: StepLook("gift", "give", _("Access")),
    StepType.DELIVER: StepLook("gift", "give", _("Delivery")),
    StepType.DELAY: StepLook("hourglass", "wait", _("Wait")),
    StepType.BRANCH: StepLook("git-branch", "think", _("Branch")),
    StepType.SET: StepLook("variable", "think", _("Note down")),
    StepType.SPLIT: StepLook("split", "think", _("A/B split")),
    StepType.SUBFLOW: StepLook("workflow", "think", _("Subflow")),
    StepType.HTTP: StepLook("webhook", "think", _("Call a system")),
    StepType.HANDOFF: StepLook("life-buoy", "people", _("Hand over to a person")),
}
UNKNOWN_STEP = StepLook("circle-dot", "say", _("Step"))

RUN_STATUS: Mapping[str, Look] = {
    RunStatus.ACTIVE: Look("circle-play", _("Under way"), Tone.GO),
    RunStatus.ENDED: Look("flag", _("Ended")),
    RunStatus.FAILED: Look("circle-x", _("Stands still"), Tone.BROKEN),
    RunStatus.CLOSED: Look("circle-stop", _("Closed")),
}
# One icon per kind of file.
MEDIA_ICONS: Mapping[MediaType, str] = {
    MediaType.PHOTO: "image",
    MediaType.VIDEO: "film",
    MediaType.AUDIO: "music",
    MediaType.VOICE: "mic",
    MediaType.DOCUMENT: "file-text",
    MediaType.ANIMATION: "clapperboard",
}
STANDING: Mapping[str, Look] = {
    Kind.FAILED: Look("circle-x", _("Failed"), Tone.BROKEN),
    Kind.PARKED: Look("hand", _("Waits for you"), Tone.NEEDS),
    Kind.EVENT: Look("triangle-alert", _("Set aside"), Tone.BROKEN),
    Kind.MESSAGE: Look("mail", _("Not sent"), Tone.BROKEN),
    Kind.TIMER: Look("clock", _("Overdue"), Tone.BROKEN),
}
PARKED = STANDING[Kind.PARKED]
UNREAD = Look("mail", _("Unread"), Tone.NEEDS)
OWES = Look("triangle-alert", _("Paid, not yet served"), Tone.NEEDS)

TIMELINE: Mapping[str, Look] = {
    TimelineKind.STARTED: Look("play", _("Began"), Tone.GO),
    TimelineKind.ENTERED: Look("log-in", _("Entered the step")),
    TimelineKind.LEFT: Look("log-out", _("Left the step")),
    TimelineKind.BRANCHED: Look("git-branch", _("Chose a way by what is known")),
    TimelineKind.SPLIT: Look("split", _("Took an arm of the test")),
    TimelineKind.ANSWERED: Look("message-circle", _("Answered")),
    TimelineKind.UNMATCHED: Look("circle-help", _("The answer fitted no way on"), Tone.NEEDS),
    TimelineKind.PRESSED: Look("mouse-pointer-click", _("Pressed a button")),
    TimelineKind.STALE_PRESS: Look("mouse-pointer-click", _("Pressed an old button")),
    TimelineKind.TIMER_FIRED: Look("timer", _("A wait was over")),
    TimelineKind.CHARGE_REQUESTED: Look("receipt", _("Asked for the charge"), Tone.MONEY),
    TimelineKind.CHARGE_READY: Look("qr-code", _("Code ready to pay"), Tone.MONEY),
    TimelineKind.CHARGE_FAILED: Look("circle-x", _("No gateway made the charge"), Tone.BROKEN),
    TimelineKind.COUPON_USED: Look("ticket-percent", _("Used a coupon"), Tone.MONEY),
    TimelineKind.COUPON_REFUSED: Look("ticket-percent", _("A coupon did not count")),
    TimelineKind.PAYMENT_CHECKED: Look("refresh-cw", _("Asked the gateway about the payment")),
    TimelineKind.PAYMENT_CHANGED: Look("banknote", _("The payment changed"), Tone.MONEY),
    TimelineKind.PAID: Look("banknote", _("Paid"), Tone.GO),
    TimelineKind.HTTP_ANSWERED: Look("webhook", _("The other system answered"), Tone.GO),
    TimelineKind.HTTP_FAILED: Look("circle-x", _("The other system gave no usable answer"), Tone.BROKEN),
    TimelineKind.HANDED_OFF: Look("life-buoy", _("Handed over to the team"), Tone.NEEDS),
    TimelineKind.DELIVERED: Look("gift", _("Access delivered"), Tone.GO),
    TimelineKind.LINK_READY: Look("link", _("Link to the group said"), Tone.GO),
    TimelineKind.LINK_LATE: Look("hourglass", _("Link to the group is late"), Tone.NEEDS),
    TimelineKind.SAID_AGAIN: Look("repeat", _("Said the step again")),
    TimelineKind.RESUMED: Look("undo-2", _("Came back to this conversation")),
    TimelineKind.PROBLEM: Look("triangle-alert", _("A problem, and it went on"), Tone.NEEDS),
    TimelineKind.STEP_MISSING: Look("unlink", _("The step is missing"), Tone.BROKEN),
    TimelineKind.FAILED: Look("circle-x", _("Could not go on"), Tone.BROKEN),
    TimelineKind.ENDED: Look("flag", _("Ended")),
    TimelineKind.VERSION_MOVED: Look("fast-forward", _("Went on in a newer version")),
    TimelineKind.VERSION_KEPT: Look("history", _("Stayed in its version")),
    TimelineKind.CLOSED: Look("circle-stop", _("Closed by the team")),
    TimelineKind.VARIABLES_SET: Look("variable", _("Variables changed by hand")),
}


def step_look(kind: str | None) -> StepLook:
    """How a step of this type is shown; a type of the future as a plain step."""
    return STEPS.get(kind or "", UNKNOWN_STEP)


def timeline_look(kind: str) -> Look:
    """How a timeline entry is shown."""
    return TIMELINE.get(kind) or Look("circle-dot", kind)
