"""How the proof of a sale is drawn: each stop an icon, a word, a time, and red where it broke."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from payments.selectors import ProofKind, ProofState, ProofStop


@dataclass(frozen=True, slots=True)
class _Words:
    icon: str
    name: Text
    waiting: Text
    broken: Text


WORDS: Mapping[ProofKind, _Words] = {
    ProofKind.CHARGED: _Words(
        "qr-code", _("Charged"), _("Asking the gateway"), _("No gateway made the charge. The person was told.")
    ),
    ProofKind.PAID: _Words("banknote", _("Paid"), _("Waiting for payment"), _("Not paid")),
    ProofKind.WENT_ON: _Words(
        "workflow", _("Flow went on"), _("A moment…"), _("Paid, and the conversation did not move. Send the person on.")
    ),
    ProofKind.SENT: _Words(
        "gift", _("Access sent"), _("On the way"), _("The access did not reach the person. Send it again.")
    ),
    ProofKind.INSIDE: _Words(
        "users",
        _("Inside the group"),
        _("Not inside yet"),
        _("Paid and not inside. Two more links were sent; write to the person."),
    ),
}


@dataclass(frozen=True, slots=True)
class DrawnStop:
    """One stop as `components/proof.html` draws it."""

    icon: str
    name: Text
    state: str
    at: datetime | None
    note: Text


def drawn(stops: Iterable[ProofStop]) -> list[DrawnStop]:
    """The line up to the first stop that is not reached; what lies beyond waits without a word."""
    line: list[DrawnStop] = []
    reached = True
    for stop in stops:
        words = WORDS[stop.kind]
        match stop.state:
            case ProofState.DONE:
                line.append(DrawnStop(words.icon, words.name, "done", stop.at, ""))
            case ProofState.BROKEN:
                line.append(DrawnStop("x", words.name, "broken", None, words.broken))
            case ProofState.OPEN:
                state, note = ("waiting", words.waiting) if reached else ("ahead", "")
                line.append(DrawnStop(words.icon, words.name, state, None, note))
        reached = reached and stop.state is ProofState.DONE
    return line
