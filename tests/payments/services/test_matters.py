"""Money that is late, double, too little or too much: each rule, what it does at once, and what a member decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from bots.errors import Conflict, DomainError, Invalid, NotFound
from bots.ids import uuid7
from bots.models import AuditEntry, User
from bots.tenancy import organization_scope
from flows.engine.events import MoneyTold, MoneyWord, PaymentChanged
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import Refunds
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.models import CreditEntry, Grant, MoneyMatter, MoneyRules, Payment, PaymentEvent, Refund
from payments.services import apply_notice
from payments.services.deciding import credit_of, decide, use_credit
from payments.services.refunds import carry_out_refund, confirm_by_hand
from payments.services.rules import rules_of, set_rules
from tests.factories.bots import make_membership
from tests.factories.payments import Sale, Shop, charge, told, wish

pytestmark = pytest.mark.django_db

S, C, P = PaymentStatus, MoneyCase, MoneyPolicy
STATES = {P.DELIVER: "delivered", P.CREDIT: "credited", P.REFUND: "refunded", P.ASK_ME: "waiting"}


def reais(minor: int) -> Money:
    return Money(minor, Currency.BRL)


@pytest.fixture
def member(shop: Shop) -> User:
    return make_membership(organization=shop.organization).user


@contextmanager
def refused(kind: type[DomainError], code: str) -> Iterator[None]:
    with pytest.raises(kind) as error:
        yield
    assert error.value.code == code


def rule(shop: Shop, case: MoneyCase, policy: MoneyPolicy) -> None:
    MoneyRules.unscoped.create(organization=shop.organization, **{case.value: policy.value})


def hear(sale: Sale, notice: Notice) -> None:
    apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)


def arrive(shop: Shop, case: MoneyCase) -> Sale:
    """A sale whose money comes in this unexpected way; the gateway's books agree."""
    sale = charge(shop, wish(deliver={"text": "Bem-vindo!"}))
    received = {C.LATE: 2990, C.DOUBLE: 5980, C.SMALLER: 1000, C.LARGER: 3490}[case]
    type(sale.charge).unscoped.filter(pk=sale.charge.pk).update(status="paid", received_minor=received)
    if case is C.LATE:
        hear(sale, Notice(S.EXPIRED))
    if case is C.DOUBLE:
        hear(sale, Notice(S.PAID, received=reais(2990)))
    hear(sale, Notice(S.PAID, received=reais(received)))
    return sale


AT_STAKE = {C.LATE: 2990, C.DOUBLE: 2990, C.SMALLER: 1000, C.LARGER: 500}


def matter() -> MoneyMatter:
    return MoneyMatter.unscoped.get()


def words(shop: Shop) -> list[MoneyWord]:
    return [event.word for event in told(shop) if isinstance(event, MoneyTold)]


def paid_told(shop: Shop) -> int:
    return sum(isinstance(event, PaymentChanged) and event.status == "paid" for event in told(shop))


def serves(case: MoneyCase, policy: MoneyPolicy) -> bool:
    """About late and small money the rule says whether it is served; a surplus never keeps anybody waiting."""
    return case in (C.DOUBLE, C.LARGER) or policy is P.DELIVER


@pytest.mark.parametrize("policy", P)
@pytest.mark.parametrize("case", C)
def test_each_rule_serves_keeps_or_waits_as_it_says_and_is_never_silent(
    shop: Shop, case: MoneyCase, policy: MoneyPolicy
) -> None:
    rule(shop, case, policy)
    sale = arrive(shop, case)
    row = matter()
    assert (row.case, row.policy, row.state, row.amount_minor) == (
        case.value,
        policy.value,
        STATES[policy],
        AT_STAKE[case],
    )
    assert (row.decided_at is None) is (policy is P.ASK_ME)
    served = serves(case, policy)
    assert (sale.order.paid_at is not None, Grant.unscoped.count(), paid_told(shop)) == (served, served, served)
    line = PaymentEvent.unscoped.get(kind="decided")
    assert (line.note, line.amount_minor) == (f"{case}: {policy}", AT_STAKE[case])
    assert words(shop) == [{P.ASK_ME: MoneyWord.UNUSUAL, P.CREDIT: MoneyWord.CREDITED}.get(policy, MoneyWord.SERVED)]
    credits = list(CreditEntry.unscoped.values_list("telegram_user_id", "amount_minor"))
    assert credits == ([(shop.contact.telegram_user_id, AT_STAKE[case])] if policy is P.CREDIT else [])
    refunds = list(Refund.unscoped.values_list("amount_minor", "state", "asked_by"))
    assert refunds == ([(AT_STAKE[case], "asked", "system")] if policy is P.REFUND else [])


@pytest.mark.parametrize("case", C)
def test_the_defaults_serve_whoever_paid_enough_and_ask_about_the_rest(shop: Shop, case: MoneyCase) -> None:
    sale = arrive(shop, case)
    state = {C.LATE: "delivered", C.DOUBLE: "waiting", C.SMALLER: "waiting", C.LARGER: "delivered"}[case]
    assert (matter().state, sale.order.paid_at is not None) == (state, case is not C.SMALLER)


@pytest.mark.parametrize("case", C)
def test_told_again_it_is_one_matter(shop: Shop, case: MoneyCase) -> None:
    rule(shop, case, P.CREDIT)
    sale = arrive(shop, case)
    received = {C.LATE: 2990, C.DOUBLE: 5980, C.SMALLER: 1000, C.LARGER: 3490}[case]
    for _ in range(3):
        hear(sale, Notice(S.PAID, received=reais(received)))
    assert MoneyMatter.unscoped.filter(case=case.value).count() == 1
    assert CreditEntry.unscoped.filter(matter__case=case.value).count() == 1


@pytest.mark.parametrize("can", Refunds)
@pytest.mark.parametrize("case", C)
def test_a_refund_by_rule_goes_through_the_gateway_if_it_can_and_by_hand_if_not(
    shop: Shop, member: User, monkeypatch: pytest.MonkeyPatch, case: MoneyCase, can: Refunds
) -> None:
    monkeypatch.setattr(SandboxGateway, "traits", replace(SandboxGateway.traits, refunds=can))
    rule(shop, case, P.REFUND)
    sale = arrive(shop, case)
    refund = Refund.unscoped.get()
    by_gateway = can is Refunds.PARTIAL or (can is Refunds.WHOLE and AT_STAKE[case] == 2990)
    assert refund.state == ("asked" if by_gateway else "by_hand")
    if by_gateway:
        assert carry_out_refund(refund.pk, organization_id=shop.organization.pk) is None
    else:
        confirm_by_hand(refund.pk, organization_id=shop.organization.pk, actor=member, note="")
    whole = case in (C.LATE, C.SMALLER)
    assert (sale.payment.status, sale.payment.refunded_minor) == (
        "refunded" if whole else "partially_refunded",
        AT_STAKE[case],
    )
    assert sale.charge.refunded_minor == (AT_STAKE[case] if by_gateway else 0)
    assert Refund.unscoped.get().state == "done"
    # What was paid and served stays open.
    assert Grant.unscoped.filter(take_back_at__isnull=True).count() == (0 if whole else 1)


@pytest.mark.parametrize("choice", [P.DELIVER, P.CREDIT, P.REFUND])
@pytest.mark.parametrize("case", C)
def test_a_member_decides_what_waits_and_it_is_done(
    shop: Shop, member: User, case: MoneyCase, choice: MoneyPolicy
) -> None:
    rule(shop, case, P.ASK_ME)
    sale = arrive(shop, case)
    decide(matter().pk, choice, organization_id=shop.organization.pk, actor=member)
    served = serves(case, choice)
    assert matter().state == STATES[choice]
    assert (sale.order.paid_at is not None, Grant.unscoped.count(), paid_told(shop)) == (served, served, served)
    assert CreditEntry.unscoped.count() == (choice is P.CREDIT)
    assert Refund.unscoped.count() == (choice is P.REFUND)
    entry = AuditEntry.unscoped.get(action="money.decide")
    assert (entry.actor_user, entry.data) == (
        member,
        {"case": case.value, "choice": choice.value, "amount": reais(AT_STAKE[case]).plain()},
    )


def test_decided_twice_the_second_is_told_so(shop: Shop, member: User) -> None:
    arrive(shop, C.DOUBLE)
    decide(matter().pk, P.CREDIT, organization_id=shop.organization.pk, actor=member)
    with refused(Conflict, "already_decided"):
        decide(matter().pk, P.REFUND, organization_id=shop.organization.pk, actor=member)
    assert Refund.unscoped.count() == 0


def test_to_ask_again_is_no_decision(shop: Shop, member: User) -> None:
    arrive(shop, C.DOUBLE)
    with refused(Invalid, "no_choice"):
        decide(matter().pk, P.ASK_ME, organization_id=shop.organization.pk, actor=member)


def test_another_organizations_matter_is_not_there(shop: Shop, member: User) -> None:
    arrive(shop, C.DOUBLE)
    with refused(NotFound, "matter_not_found"):
        decide(matter().pk, P.CREDIT, organization_id=uuid7(), actor=member)


def test_the_whole_amount_after_too_little_needs_no_decision(shop: Shop) -> None:
    sale = arrive(shop, C.SMALLER)
    hear(sale, Notice(S.PAID, received=reais(2990)))
    assert (matter().state, sale.order.paid_at is not None) == ("settled", True)


def test_a_second_charge_of_a_paid_order_is_a_matter_of_its_own(shop: Shop) -> None:
    sale = charge(shop)
    first = sale.payment
    hear(sale, Notice(S.PAID))
    second = Payment.unscoped.get(pk=first.pk)
    second.pk, second.attempt, second.idempotency_key = uuid7(), 2, f"{first.order_id}:2"
    second.provider_id, second.status, second.paid_at, second.superseded = "", "pending", None, True
    second.save(force_insert=True)
    apply_notice(second.pk, Notice(S.PAID), source=EventSource.POLL)
    assert (matter().payment_id, matter().case, matter().amount_minor) == (second.pk, "double", 2990)


def test_a_charge_of_another_face_value_is_nobodys_money(shop: Shop) -> None:
    sale = charge(shop)
    hear(sale, Notice(S.PAID, amount=reais(2989), received=reais(2989)))
    assert (MoneyMatter.unscoped.count(), sale.payment.status) == (0, "pending")


def test_a_bots_own_rules_come_before_the_organizations(shop: Shop) -> None:
    rule(shop, C.LATE, P.CREDIT)
    with organization_scope(shop.organization.pk):
        assert rules_of(shop.bot.pk).rules.late is P.CREDIT
        MoneyRules.objects.create(organization=shop.organization, bot=shop.bot, late=P.REFUND.value)
        assert rules_of(shop.bot.pk).rules.late is P.REFUND
        assert rules_of(uuid7()).rules.late is P.CREDIT


def test_rules_are_kept_once_and_the_change_is_audited(shop: Shop, member: User) -> None:
    for hours in (0, 48):
        set_rules(
            organization=shop.organization,
            policies=dict.fromkeys(C, P.ASK_ME),
            refund_grace_hours=hours,
            dispute_grace_hours=24,
            actor=member,
        )
    row = MoneyRules.unscoped.get()
    assert (row.late, row.double, row.smaller, row.larger, row.refund_grace_hours) == (*["ask_me"] * 4, 48)
    assert AuditEntry.unscoped.filter(action="money_rules.change").count() == 2


def test_credit_is_the_sum_of_its_lines_and_is_never_overspent(shop: Shop, member: User) -> None:
    rule(shop, C.LARGER, P.CREDIT)
    arrive(shop, C.LARGER)
    person = shop.contact.telegram_user_id

    def use(minor: int) -> None:
        use_credit(
            organization_id=shop.organization.pk,
            telegram_user_id=person,
            amount=reais(minor),
            actor=member,
            note="desconto",
        )

    use(200)
    for too_much in (301, 0, -1):
        with refused(Invalid, "no_such_credit"):
            use(too_much)
    with organization_scope(shop.organization.pk):
        assert credit_of(person) == {Currency.BRL: 300}
        use(300)
        assert credit_of(person) == {}
