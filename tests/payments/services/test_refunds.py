"""Giving money back: asked for once, carried out once, known for certain; by hand where the gateway cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from bots.errors import Conflict, DomainError, Invalid, NotFound
from bots.ids import uuid7
from bots.models import AuditEntry, User
from bots.outbox.models import OutboxMessage
from bots.tenancy import organization_scope
from flows.engine.events import MoneyTold, MoneyWord
from payments.domain.events import EventSource
from payments.domain.ledger import fold
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import GatewayError, Refunds
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.models import PaymentEvent, Refund
from payments.services import apply_notice, ask_gateway, refund_payment
from payments.services.refunds import (
    Pending,
    cancel_by_hand,
    carry_out_refund,
    confirm_by_hand,
    give_up_refund,
)
from payments.services.sandbox import Act
from tests.factories.bots import make_membership
from tests.factories.payments import Sale, Shop, buyer, charge, told

pytestmark = pytest.mark.django_db

S = PaymentStatus


def reais(minor: int) -> Money:
    return Money(minor, Currency.BRL)


@pytest.fixture
def member(shop: Shop) -> User:
    return make_membership(organization=shop.organization).user


@pytest.fixture
def sale(shop: Shop) -> Sale:
    """Paid at the sandbox, and booked."""
    sale = charge(shop)
    buyer(sale, Act.PAY)
    ask_gateway(sale.payment.pk, source=EventSource.POLL)
    assert sale.payment.status == "paid"
    return sale


@contextmanager
def refused(kind: type[DomainError], code: str) -> Iterator[None]:
    with pytest.raises(kind) as error:
        yield
    assert error.value.code == code


def refund(sale: Sale, member: User, amount: int | None = None, **options: Any) -> Refund:
    with organization_scope(sale.shop.organization.pk):
        return refund_payment(
            sale.payment.pk,
            organization_id=sale.shop.organization.pk,
            amount=None if amount is None else reais(amount),
            actor=member,
            reason="pediu",
            **options,
        )


def carry_out(row: Refund) -> Pending | None:
    return carry_out_refund(row.pk, organization_id=row.organization_id)


def state_of(row: Refund) -> str:
    return Refund.unscoped.get(pk=row.pk).state


def words(shop: Shop) -> list[MoneyWord]:
    return [event.word for event in told(shop) if isinstance(event, MoneyTold)]


def standing(sale: Sale) -> tuple[int, int]:
    lines = [event.line for event in PaymentEvent.unscoped.filter(payment=sale.payment).order_by("id")]
    return fold(lines).received_minor, fold(lines).refunded_minor


def test_the_intent_is_there_before_any_gateway_is_told(shop: Shop, sale: Sale, member: User) -> None:
    row = refund(sale, member)
    assert (row.amount_minor, row.total_minor, state_of(row)) == (2990, 2990, "asked")
    assert (sale.charge.refunded_minor, sale.payment.status) == (0, "paid")
    message = OutboxMessage.unscoped.get(topic="payment.refund")
    assert (message.key, message.payload) == (f"refund:{row.pk}", {"refund": str(row.pk)})
    entry = AuditEntry.unscoped.get(action="payment.refund")
    assert (entry.actor_user, entry.reason) == (member, "pediu")
    assert entry.data == {"amount": "29.90", "currency": "BRL", "by_hand": False}


def test_a_whole_refund_moves_the_payment_through_the_one_function_and_says_so(
    shop: Shop, sale: Sale, member: User
) -> None:
    row = refund(sale, member)
    assert carry_out(row) is None
    assert (sale.charge.refunded_minor, sale.payment.status, sale.order.status) == (2990, "refunded", "refunded")
    assert (sale.payment.refunded_minor, state_of(row), standing(sale)) == (2990, "done", (2990, 2990))
    assert words(shop) == [MoneyWord.GIVEN_BACK]
    assert sale.ledger()[-3:] == [
        ("refund", "operator", "paid"),
        ("moved", "operator", "refunded"),
        ("refund", "operator", "refunded"),
    ]


def test_carried_out_twice_gives_back_once(shop: Shop, sale: Sale, member: User) -> None:
    row = refund(sale, member, 1000)
    assert [carry_out(row), carry_out(row)] == [None, None]
    assert (sale.charge.refunded_minor, words(shop)) == (1000, [MoneyWord.GIVEN_BACK])


def test_refunds_in_parts_add_up_to_the_whole(shop: Shop, sale: Sale, member: User) -> None:
    seen = []
    for amount in (1000, 500, None):
        assert carry_out(refund(sale, member, amount)) is None
        seen.append((sale.payment.status, sale.payment.refunded_minor, sale.charge.refunded_minor, standing(sale)))
    assert seen == [
        ("partially_refunded", 1000, 1000, (2990, 1000)),
        ("partially_refunded", 1500, 1500, (2990, 1500)),
        ("refunded", 2990, 2990, (2990, 2990)),
    ]


@pytest.mark.parametrize(("amount", "code"), [(2991, "refund_too_large"), (0, "refund_amount")])
def test_no_more_than_there_is_goes_back(sale: Sale, member: User, amount: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        refund(sale, member, amount)
    assert (refused.value.code, refused.value.field, Refund.unscoped.count()) == (code, "amount", 0)


def test_other_currency_is_refused(sale: Sale, member: User) -> None:
    with refused(Invalid, "refund_amount"), organization_scope(sale.shop.organization.pk):
        refund_payment(
            sale.payment.pk,
            organization_id=sale.shop.organization.pk,
            amount=Money(10, Currency.XTR),
            actor=member,
            reason="",
        )


def test_an_unpaid_charge_has_nothing_to_give_back(shop: Shop, member: User) -> None:
    with refused(Conflict, "not_refundable"):
        refund(charge(shop), member)


def test_a_disputed_charge_is_left_to_its_dispute(sale: Sale, member: User) -> None:
    apply_notice(sale.payment.pk, Notice(S.DISPUTED), source=EventSource.WEBHOOK)
    with refused(Conflict, "not_refundable"):
        refund(sale, member)


def test_one_refund_at_a_time(sale: Sale, member: User) -> None:
    refund(sale, member, 1000)
    with refused(Conflict, "refund_open"):
        refund(sale, member, 1000)


def test_a_payment_of_another_organization_is_not_there(sale: Sale, member: User) -> None:
    other = uuid7()
    with pytest.raises(NotFound):
        refund_payment(sale.payment.pk, organization_id=other, amount=None, actor=member, reason="")


class Answers:
    """A gateway that answers a refund as told, and may do it all the same."""

    def __init__(self, *errors: GatewayError, does_it: bool = False) -> None:
        self.errors = list(errors)
        self.does_it = does_it
        self.asked = 0

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        original = SandboxGateway.refund

        def refund(gateway: SandboxGateway, *args: Any, **options: Any) -> Any:
            self.asked += 1
            error = self.errors.pop(0) if self.errors else None
            if error is None or self.does_it:
                charge = original(gateway, *args, **options)
            if error is not None:
                raise error
            return charge

        monkeypatch.setattr(SandboxGateway, "refund", refund)


def test_a_lost_answer_is_asked_about_again_and_nothing_goes_back_twice(
    shop: Shop, sale: Sale, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = refund(sale, member, 1000)
    gateway = Answers(GatewayError("timeout", unknown_outcome=True), does_it=True)
    gateway.install(monkeypatch)
    pending = carry_out(row)
    assert pending is not None
    assert (pending.tried, sale.charge.refunded_minor, sale.payment.status, state_of(row)) == (
        True,
        1000,
        "paid",
        "asked",
    )
    assert carry_out(row) is None
    assert (sale.charge.refunded_minor, sale.payment.status, gateway.asked) == (1000, "partially_refunded", 2)


def test_what_the_gateway_refuses_is_shown_and_may_be_sent_by_hand(
    shop: Shop, sale: Sale, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(GatewayError("no_balance", "saldo insuficiente")).install(monkeypatch)
    row = refund(sale, member)
    assert carry_out(row) is None
    failed = Refund.unscoped.get(pk=row.pk)
    assert (failed.state, failed.error, sale.payment.status) == ("failed", "no_balance: saldo insuficiente", "paid")
    assert PaymentEvent.unscoped.filter(payment=sale.payment).latest("id").alarm == "refund_failed"
    assert words(shop) == [MoneyWord.SERVED]
    assert refund(sale, member, by_hand=True).state == "by_hand"


def test_a_refund_the_outbox_gives_up_is_failed_once(shop: Shop, sale: Sale, member: User) -> None:
    row = refund(sale, member)
    for _ in range(2):
        give_up_refund(row.pk, organization_id=shop.organization.pk, error="no answer for days")
    assert (state_of(row), words(shop)) == ("failed", [MoneyWord.SERVED])


def test_a_gateway_that_is_still_at_it_is_asked_again_later(
    sale: Sale, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = SandboxGateway.fetch
    row = refund(sale, member)

    def accepted(gateway: SandboxGateway, account: Any, **options: Any) -> Any:
        return original(gateway, account, provider_id=options["provider_id"], key="")

    monkeypatch.setattr(SandboxGateway, "refund", accepted)
    pending = carry_out(row)
    assert pending is not None
    assert (pending.tried, pending.at is not None, state_of(row), sale.payment.status) == (False, True, "asked", "paid")


def by_hand(sale: Sale, member: User, amount: int | None = None) -> Refund:
    return refund(sale, member, amount, by_hand=True)


def confirm(row: Refund, member: User) -> Refund:
    return confirm_by_hand(row.pk, organization_id=row.organization_id, actor=member, note="PIX devolvido")


def test_by_hand_nothing_leaves_until_a_member_says_so(shop: Shop, sale: Sale, member: User) -> None:
    row = by_hand(sale, member)
    assert (OutboxMessage.unscoped.filter(topic="payment.refund").count(), sale.payment.status) == (0, "paid")
    assert confirm(row, member).state == "done"
    assert (sale.payment.status, sale.payment.refunded_minor, sale.charge.refunded_minor) == ("refunded", 2990, 0)
    assert words(shop) == [MoneyWord.GIVEN_BACK]
    entry = AuditEntry.unscoped.get(action="refund.by_hand")
    assert (entry.actor_user, entry.reason, entry.data) == (member, "PIX devolvido", {"amount": "29.90"})


def test_part_of_it_by_hand_is_a_partial_refund(sale: Sale, member: User) -> None:
    confirm(by_hand(sale, member, 990), member)
    assert (sale.payment.status, sale.payment.refunded_minor) == ("partially_refunded", 990)


def test_said_twice_the_second_is_told_that_it_is_done(sale: Sale, member: User) -> None:
    row = by_hand(sale, member)
    confirm(row, member)
    with refused(Conflict, "refund_not_waiting"):
        confirm(row, member)


def test_not_sent_after_all_leaves_room_for_another(sale: Sale, member: User) -> None:
    row = by_hand(sale, member)
    cancel_by_hand(row.pk, organization_id=row.organization_id, actor=member, note="engano")
    assert (state_of(row), sale.payment.status) == ("canceled", "paid")
    with pytest.raises(Conflict):
        confirm(row, member)
    assert refund(sale, member).state == "asked"


@pytest.mark.parametrize(
    ("can", "amount", "expected"),
    [
        (Refunds.PARTIAL, None, "asked"),
        (Refunds.PARTIAL, 1000, "asked"),
        (Refunds.WHOLE, None, "asked"),
        (Refunds.WHOLE, 1000, "whole_refunds_only"),
        (Refunds.NONE, None, "by_hand"),
        (Refunds.NONE, 1000, "by_hand"),
    ],
)
def test_what_the_gateway_can_do_decides_the_way(
    sale: Sale, member: User, monkeypatch: pytest.MonkeyPatch, can: Refunds, amount: int | None, expected: str
) -> None:
    monkeypatch.setattr(SandboxGateway, "traits", replace(SandboxGateway.traits, refunds=can))
    try:
        came_to = refund(sale, member, amount).state
    except DomainError as error:
        came_to = error.code
    assert came_to == expected


def test_a_refund_made_at_the_gateways_own_panel_is_booked_too(shop: Shop, sale: Sale) -> None:
    apply_notice(sale.payment.pk, Notice(S.PARTIALLY_REFUNDED, refunded=reais(500)), source=EventSource.WEBHOOK)
    apply_notice(sale.payment.pk, Notice(S.PARTIALLY_REFUNDED, refunded=reais(500)), source=EventSource.POLL)
    apply_notice(sale.payment.pk, Notice(S.PARTIALLY_REFUNDED, refunded=reais(800)), source=EventSource.POLL)
    assert (sale.payment.status, sale.payment.refunded_minor, standing(sale)) == (
        "partially_refunded",
        800,
        (2990, 800),
    )


def test_nobody_has_such_a_refund(shop: Shop, member: User) -> None:
    nobodys: UUID = uuid7()
    assert carry_out_refund(nobodys, organization_id=shop.organization.pk) is None
    with pytest.raises(NotFound):
        confirm_by_hand(nobodys, organization_id=shop.organization.pk, actor=member, note="")
