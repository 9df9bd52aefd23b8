"""One sale, arranged for its page: charges, refunds, what was decided, accesses, who paid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.web.looks import Look
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.domain.states import STILL_HERE, PaymentStatus
from payments.models import Grant, MatterState, MoneyMatter, Order, Payment, Refund, RefundState
from payments.selectors import content_title
from payments.web import money_back
from payments.web.failure_words import failure_in_words
from payments.web.looks import GRANT_STATE, PAYMENT_STATUS, REFUND_STATE, REPLACED, grant_state
from payments.web.matter_words import CASES, outcome

_SHOWN_OF_A_DOCUMENT = 3


@dataclass(frozen=True, slots=True)
class ChargeCard:
    """One charge of a sale."""

    row: Payment
    look: Look
    replaced: Look | None
    is_open: bool
    may_refund: bool

    @property
    def fee(self) -> Money:
        return self._money(self.row.fee_minor or 0)

    @property
    def refunded(self) -> Money:
        return self._money(self.row.refunded_minor)

    def _money(self, minor: int) -> Money:
        return Money(minor, Currency(self.row.currency))


@dataclass(frozen=True, slots=True)
class MatterLine:
    """Money that was not as expected, and what became of it."""

    matter: MoneyMatter
    look: Look
    outcome: Text
    waits: bool

    @property
    def decided_by(self) -> Text:
        """A member or a rule; nobody where it needed no decision after all."""
        if self.matter.state in (MatterState.SETTLED, MatterState.WAITING):
            return ""
        return _("by your team") if self.matter.policy == MoneyPolicy.ASK_ME else _("by your rules")


@dataclass(frozen=True, slots=True)
class RefundLine:
    """One refund, and why it was not made where it was not."""

    refund: Refund
    look: Look
    failure: str


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One access of the sale."""

    grant: Grant
    look: Look
    title: str

    @property
    def is_open(self) -> bool:
        return self.grant.ends_at is None or self.grant.ends_at > timezone.now()


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One thing in the basket."""

    name: str
    amount: Money


def charge_cards(payments: Iterable[Payment], *, may_refund: bool) -> list[ChargeCard]:
    """A replaced charge says so only while nobody paid it."""
    return [
        ChargeCard(
            payment,
            PAYMENT_STATUS[payment.status],
            REPLACED if payment.superseded and payment.paid_at is None else None,
            payment.state is PaymentStatus.PENDING,
            may_refund and payment.state in STILL_HERE,
        )
        for payment in payments
    ]


def matter_lines(order_id: UUID) -> list[MatterLine]:
    return [matter_line(matter) for matter in money_back.matters_of(order_id)]


def matter_line(matter: MoneyMatter) -> MatterLine:
    """Amber only while it waits."""
    case, waits = MoneyCase(matter.case), matter.state == MatterState.WAITING
    look = CASES[case] if waits else Look(CASES[case].icon, CASES[case].label)
    return MatterLine(matter, look, outcome(case, matter.state), waits)


def refund_lines(refunds: Iterable[Refund]) -> list[RefundLine]:
    return [
        RefundLine(
            refund,
            REFUND_STATE[refund.state],
            failure_in_words(refund.error) if refund.state == RefundState.FAILED else "",
        )
        for refund in refunds
    ]


def grant_lines(grants: Iterable[Grant]) -> list[GrantLine]:
    now = timezone.now()
    return [GrantLine(one, GRANT_STATE[grant_state(one, now)], content_title(one.content)) for one in grants]


def open_grant_lines(order_id: UUID) -> list[GrantLine]:
    """What a sale gave and a whole refund of it would end."""
    return [line for line in grant_lines(money_back.open_grants(order_id)) if line.is_open]


def item_lines(order: Order) -> list[ItemLine]:
    """The basket, where there is more than one thing in it."""
    items = [item for item in order.items if isinstance(item, Mapping) and item.get("name")]
    if len(items) < 2 and not order.coupon:
        return []
    return [ItemLine(str(item["name"]), Money(int(item["amount_minor"]), order.amount.currency)) for item in items]


def payer_of(payments: Iterable[Payment], *, whole: bool) -> list[tuple[Text, str]]:
    """Who paid, as the flow asked; a document is masked for who may not take such lists away."""
    labels = {"name": _("Name"), "email": _("E-mail"), "document": _("CPF or CNPJ")}
    known: dict[str, str] = {}
    for payment in payments:
        if isinstance(payment.payer, Mapping):
            known |= {name: str(value) for name, value in payment.payer.items() if value and name in labels}
    if not whole and "document" in known:
        known["document"] = masked(known["document"])
    return [(label, known[name]) for name, label in labels.items() if name in known]


def masked(document: str) -> str:
    """`529…`: enough to tell two people apart."""
    return f"{document[:_SHOWN_OF_A_DOCUMENT]}…"


def delivery_note(verified: bool | None, error: str) -> Text:
    """What is said of a gateway's notice beside its state."""
    if error:
        return failure_in_words(error)
    return _("signed") if verified else ""
