"""Money that is not as expected, by every rule, at every gateway: who is served, what is kept or goes back and by whom,
what the buyer hears."""

import pytest

from flows.engine.events import MoneyTold, MoneyWord
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import Refunds
from payments.gateways.registry import gateway_of
from payments.models import CreditEntry, Grant, MoneyMatter, MoneyRules, Refund
from payments.services import apply_notice, take_back_due
from payments.services.refunds import carry_out_refund, confirm_by_hand
from tests.factories.bots import make_membership
from tests.factories.gateways import Branch, may_be_asked_again
from tests.factories.payments import Sale, told

pytestmark = pytest.mark.django_db

C, P, S = MoneyCase, MoneyPolicy, PaymentStatus
RECEIVED = {C.LATE: 2990, C.DOUBLE: 5980, C.SMALLER: 1000, C.LARGER: 3490}
AT_STAKE = {C.LATE: 2990, C.DOUBLE: 2990, C.SMALLER: 1000, C.LARGER: 500}
SAID = {
    P.DELIVER: [MoneyWord.SERVED],
    P.CREDIT: [MoneyWord.CREDITED],
    P.ASK_ME: [MoneyWord.UNUSUAL],
    P.REFUND: [MoneyWord.SERVED],
}
STATES = {P.DELIVER: "delivered", P.CREDIT: "credited", P.REFUND: "refunded", P.ASK_ME: "waiting"}


def reais(minor: int) -> Money:
    return Money(minor, Currency.BRL)


def arrive(branch: Branch, case: MoneyCase, policy: MoneyPolicy) -> Sale:
    """The seller chose a rule; a sale's money comes in this way."""
    MoneyRules.unscoped.create(organization=branch.shop.organization, **{case.value: policy.value})
    sale = branch.sell()
    type(sale.order).unscoped.filter(pk=sale.order_id).update(owed={"text": "Bem-vindo!"})
    branch.entry_of(sale).pay()
    if case is C.LATE:
        apply_notice(sale.payment.pk, Notice(S.EXPIRED), source=EventSource.EXPIRY)
    arrived = Notice(S.PAID, amount=reais(2990), received=reais(RECEIVED[case]))
    apply_notice(sale.payment.pk, arrived, source=EventSource.POLL)
    return sale


def words(branch: Branch) -> list[MoneyWord]:
    return [event.word for event in told(branch.shop) if isinstance(event, MoneyTold)]


def sends_back(branch: Branch, case: MoneyCase) -> bool:
    """Whether this gateway can do it by itself."""
    match gateway_of(branch.fake.name).traits.refunds:
        case Refunds.PARTIAL:
            return True
        case Refunds.WHOLE:
            return AT_STAKE[case] == 2990
        case Refunds.NONE:
            return False


@pytest.mark.parametrize("policy", P)
@pytest.mark.parametrize("case", C)
def test_each_rule_is_kept_and_the_buyer_hears_of_it(branch: Branch, case: MoneyCase, policy: MoneyPolicy) -> None:
    sale = arrive(branch, case, policy)
    row = MoneyMatter.unscoped.get()
    assert (row.case, row.state, row.amount_minor) == (case.value, STATES[policy], AT_STAKE[case])
    # A surplus never keeps anybody waiting; of late and small money the rule decides.
    served = case in (C.DOUBLE, C.LARGER) or policy is P.DELIVER
    assert (sale.order.paid_at is not None, Grant.unscoped.count()) == (served, served)
    assert words(branch) == SAID[policy]
    credits = list(CreditEntry.unscoped.values_list("amount_minor", flat=True))
    assert credits == ([AT_STAKE[case]] if policy is P.CREDIT else [])
    refunds = list(Refund.unscoped.values_list("amount_minor", "state"))
    way = "asked" if sends_back(branch, case) else "by_hand"
    assert refunds == ([(AT_STAKE[case], way)] if policy is P.REFUND else [])


@pytest.mark.parametrize("case", [C.LATE, C.LARGER])
def test_what_the_rule_gives_back_leaves_once_and_the_buyer_hears_that_it_left(branch: Branch, case: MoneyCase) -> None:
    sale = arrive(branch, case, P.REFUND)
    refund = Refund.unscoped.get()
    if sends_back(branch, case):
        for _ in range(3):
            may_be_asked_again()
            if carry_out_refund(refund.pk, organization_id=refund.organization_id) is None:
                break
        assert branch.entry_of(sale).refunded_cents == AT_STAKE[case]
    else:
        member = make_membership(organization=branch.shop.organization).user
        confirm_by_hand(refund.pk, organization_id=refund.organization_id, actor=member, note="")
        assert branch.entry_of(sale).refunded_cents == 0
    assert Refund.unscoped.get().state == "done"
    assert (sale.payment.refunded_minor, words(branch)) == (AT_STAKE[case], [MoneyWord.SERVED, MoneyWord.GIVEN_BACK])
    # Who was served keeps it: only what was too much went back.
    assert (take_back_due(), Grant.unscoped.filter(revoked_at__isnull=True).count()) == (0, case is C.LARGER)
