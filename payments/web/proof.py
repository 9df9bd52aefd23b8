"""How the proof of a sale is drawn: each stop an icon, a word, a time, and red where it broke, with what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from payments.models import Order, OrderStatus
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
# Why nobody waits for the money any more.
OVER: Mapping[str, Text] = {
    OrderStatus.EXPIRED: _("The code ended unpaid. Money that still comes is seen."),
    OrderStatus.FAILED: _("The payment failed. Money that still comes is seen."),
    OrderStatus.REFUNDED: _("Given back before it was seen as paid."),
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """Where a broken stop is put right."""

    url: str
    label: Text


@dataclass(frozen=True, slots=True)
class DrawnStop:
    """One stop as `components/proof.html` draws it."""

    icon: str
    name: Text
    state: str
    at: datetime | None
    note: Text
    remedy: Remedy | None = None


def drawn(
    stops: Iterable[ProofStop], *, over: Text = "", remedies: Mapping[ProofKind, Remedy] | None = None
) -> list[DrawnStop]:
    """The line up to the first stop that is not reached; what lies beyond waits without a word. `over`: why the money
    is not waited for."""
    line: list[DrawnStop] = []
    reached = True
    for stop in stops:
        words = WORDS[stop.kind]
        if stop.state is ProofState.DONE:
            line.append(DrawnStop(words.icon, words.name, "done", stop.at, ""))
        elif not reached:
            line.append(DrawnStop(words.icon, words.name, "ahead", None, ""))
        elif stop.state is ProofState.BROKEN:
            remedy = (remedies or {}).get(stop.kind)
            line.append(DrawnStop("x", words.name, "broken", None, words.broken, remedy))
        elif stop.kind is ProofKind.PAID and over:
            line.append(DrawnStop("x", words.name, "ahead", None, over))
        else:
            line.append(DrawnStop(words.icon, words.name, "waiting", None, words.waiting))
        reached = reached and stop.state is ProofState.DONE
    return line


def proof_line(
    order: Order, stops: Iterable[ProofStop], *, run_id: UUID | None, undecided: bool = False
) -> list[DrawnStop]:
    """The line of one sale. `run_id`: its conversation, where it is still kept; `undecided`: money came, and a member
    is to say what becomes of it."""
    remedies = {
        ProofKind.CHARGED: Remedy(reverse("account_list"), _("See the accounts")),
        ProofKind.SENT: Remedy(f"{reverse('grant_list')}?busca={order.pk}", _("See the access")),
    }
    if run_id is not None:
        conversation = reverse("conversation_detail", args=[run_id])
        remedies[ProofKind.WENT_ON] = Remedy(conversation, _("Open the conversation"))
        remedies[ProofKind.INSIDE] = Remedy(conversation, _("Open the conversation"))
    over = _("Money came and waits for your decision.") if undecided else OVER.get(order.status, "")
    return drawn(stops, over=over if order.paid_at is None else "", remedies=remedies)
