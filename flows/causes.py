"""Why something stands still, in words for people: what happened, and what to do about it."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from bots.errors import Text

CAUSES: Final[Mapping[str, Text]] = {
    # Runs that failed.
    "too_long": _("The flow went through too many steps without waiting. Put the flow right, then move the person on."),
    "loop": _("The flow turned in a circle. Put the flow right, then move the person on."),
    "failure": _("The flow could not go on. Look at what happened, then resume."),
    "step_missing": _("The step where the person was is not in this version any more. Move them to another one."),
    "corrupt_state": _("What was kept of this conversation cannot be read. Close it; the person can begin again."),
    # Runs that wait for the team.
    "handoff": _("The person waits for somebody of the team. Answer, then give them back to the flow."),
    "http_failed": _("The other system gave no usable answer, and the step has no “retry”. Resume to ask it again."),
    "no_way_on": _("The other system answered, but the step leads nowhere. Move the person on."),
    "no_amount": _("No amount was found for the charge. Put the price right, then resume."),
    "charge_failed": _("No gateway made the charge. See to the account, then resume."),
    "charge_retrying": _("No gateway answers. The code comes by itself when one does."),
    # The others.
    "set_aside": _("Something that came in failed three times and was set aside. Mend its cause, then try again."),
    "message_dead": _("A message could not be sent and was given up. Send it again, or let it go."),
    "message_unknown": _("Nobody saw whether this message was sent. Send it again, or let it go."),
    "overdue": _("A wait should have ended and did not: is a worker running? Resume, or move the person on."),
}
_OTHERWISE: Final = _("It cannot go on by itself. Look at what happened, then resume or move it.")


def cause_of(code: str) -> Text:
    """The sentence for a code; a general one for a code of tomorrow."""
    return CAUSES.get(code, _OTHERWISE)
