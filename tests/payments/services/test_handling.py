"""From a run's wish to its answer: order first, one charge per key, adoption, failover."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from bots.models import Channel
from bots.tenancy import organization_scope
from flows.engine.effects import RenewPayment, RequestPayment
from flows.engine.events import ChargeFailed, ChargeReady, PaymentChanged, PaymentStatus
from payments.domain.brcode import parse
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice
from payments.domain.states import PaymentStatus as State
from payments.gateways.base import AccountAccess, Charge, NewCharge
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import GatewayAccount, Grant, Order, Payment
from payments.services import apply_notice, set_bot_accounts
from payments.services.handling import Progress, renew, request_payment
from tests.factories.payments import Shop, add_account, charge, make_shop, second_contact, told, wish


def ask(shop: Shop, effect: RequestPayment, *, key: str = "run:1:0") -> Progress:
    envelope = shop.envelope(effect)
    with organization_scope(shop.organization.pk):
        return request_payment(envelope, effect, key=key)


def test_a_wish_becomes_an_order_a_charge_and_a_code(shop: Shop) -> None:
    sale = charge(shop, wish(deliver={"text": "Bem-vindo!"}))
    order, payment = sale.order, sale.payment
    assert (order.amount, order.status, order.owed) == (Money(2990, Currency.BRL), "open", {"text": "Bem-vindo!"})
    assert (payment.flow_step_id, payment.visit, payment.status) == ("pay", 1, "pending")
    assert payment.idempotency_key == f"{order.pk}:1"
    assert parse(payment.br_code).amount == Money(2990, Currency.BRL)
    assert sale.ledger() == [("created", "create", "pending")]
    assert told(shop) == [
        ChargeReady(
            visit=1,
            payment_id=payment.pk,
            br_code=payment.br_code,
            amount_minor=2990,
            currency="BRL",
            expires_at=payment.expires_at,
            page_url=payment.page_url,
        )
    ]


def test_order_and_charge_are_committed_before_the_gateway_is_called(shop: Shop) -> None:
    seen: list[tuple[str, str]] = []
    create = SandboxGateway.create

    def spy(self: SandboxGateway, account: AccountAccess, new: NewCharge) -> Charge:
        payment = Payment.unscoped.get(idempotency_key=new.key)
        seen.append((payment.flow_step_id, payment.provider_id))
        return create(self, account, new)

    with patch.object(SandboxGateway, "create", spy):
        charge(shop)
    assert seen == [("pay", "")]


def test_the_same_wish_twice_makes_one_sale_and_one_word(shop: Shop) -> None:
    effect = wish()
    assert [ask(shop, effect), ask(shop, effect)] == [Progress.DONE, Progress.DONE]
    assert (Order.unscoped.count(), Payment.unscoped.count(), SandboxCharge.unscoped.count(), len(told(shop))) == (
        1, 1, 1, 1,
    )  # fmt: skip


def test_a_new_visit_with_the_same_key_adopts_the_open_charge(shop: Shop) -> None:
    first = charge(shop)
    second = charge(shop, wish(visit=4))
    assert (second.order_id, Payment.unscoped.count()) == (first.order_id, 1)
    assert (second.payment.run_id, second.payment.visit, second.order.visit) == (second.run_id, 4, 4)
    assert [event.visit for event in told(shop) if isinstance(event, ChargeReady)] == [1, 4]
    assert ("adopted", "create", "pending") in first.ledger()


@pytest.mark.parametrize(
    "other", [wish(amount_minor=2991), wish(step_id="pay2"), wish(button_index=1), wish(button_index=None)]
)
def test_another_key_makes_another_charge_and_the_first_stays_watched(shop: Shop, other: RequestPayment) -> None:
    first, second = charge(shop), charge(shop, other)
    assert second.order_id != first.order_id
    assert (first.payment.status, first.payment.superseded) == ("pending", False)
    assert first.payment.next_poll_at is not None


def test_another_contact_never_adopts(shop: Shop) -> None:
    assert charge(shop).order_id != charge(second_contact(shop)).order_id


def test_a_paid_order_that_was_not_served_takes_the_new_visit_to_paid_at_once(shop: Shop) -> None:
    first = charge(shop)
    apply_notice(first.payment.pk, Notice(State.PAID), source=EventSource.POLL)
    second = charge(shop, wish(visit=7))
    last = told(shop)[-1]
    assert second.order_id == first.order_id
    assert isinstance(last, PaymentChanged)
    assert (last.visit, last.status, last.order_id) == (7, PaymentStatus.PAID, first.order_id)
    assert SandboxCharge.unscoped.count() == 1


def test_once_served_a_new_visit_is_a_new_sale(shop: Shop) -> None:
    first = charge(shop)
    apply_notice(first.payment.pk, Notice(State.PAID), source=EventSource.POLL)
    Order.unscoped.filter(pk=first.order_id).update(served_at=timezone.now())
    second = charge(shop, wish(visit=7))
    assert second.order_id != first.order_id
    assert isinstance(told(shop)[-1], ChargeReady)


def test_an_expired_charge_is_not_adopted(shop: Shop) -> None:
    first = charge(shop)
    apply_notice(first.payment.pk, Notice(State.EXPIRED), source=EventSource.EXPIRY)
    assert charge(shop, wish(visit=2)).order_id != first.order_id
    assert first.payment.visit == 1


def test_a_failing_account_is_left_for_the_next(shop: Shop) -> None:
    down = add_account(shop, "A", fault="down")
    set_bot_accounts(organization_id=shop.organization.pk, bot_id=shop.bot.pk, account_ids=[down.pk, shop.account.pk])
    sale = charge(shop)
    assert sale.payment.account_id == shop.account.pk
    assert Payment.unscoped.filter(order_id=sale.order_id).count() == 1
    assert sale.ledger() == [("creation_failed", "create", "pending"), ("created", "create", "pending")]
    down.refresh_from_db()
    assert (down.failing_since is not None, down.last_error) == (True, "unreachable: The sandbox is switched off.")
    assert [type(event) for event in told(shop)] == [ChargeReady]


def test_where_an_answer_was_lost_the_next_account_takes_over_and_the_first_charge_stays_watched(shop: Shop) -> None:
    lossy = add_account(shop, "A", fault="loses_answer")
    set_bot_accounts(organization_id=shop.organization.pk, bot_id=shop.bot.pk, account_ids=[lossy.pk, shop.account.pk])
    sale = charge(shop)
    old, new = Payment.unscoped.filter(order_id=sale.order_id).order_by("id")
    assert (old.account_id, old.superseded, old.creation_unknown) == (lossy.pk, True, True)
    assert old.next_poll_at is not None
    assert (new.account_id, new.attempt, new.idempotency_key) == (shop.account.pk, 2, f"{sale.order_id}:2")


def test_an_unknown_creation_is_looked_up_before_it_is_repeated(shop: Shop) -> None:
    shop.account.credentials = {"fault": "loses_answer"}
    shop.account.save()
    effect = wish()
    assert ask(shop, effect) is Progress.LATER
    shop.account.credentials = {"fault": ""}
    shop.account.save()
    with patch.object(SandboxGateway, "create", side_effect=AssertionError("must not create again")):
        assert ask(shop, effect) is Progress.DONE
    payment = Payment.unscoped.get()
    assert (payment.creation_unknown, payment.provider_id) == (False, SandboxCharge.unscoped.get().provider_id)


def test_when_none_answers_the_person_is_told_once_and_gets_the_code_later(shop: Shop) -> None:
    shop.account.credentials = {"fault": "down"}
    shop.account.save()
    effect = wish()
    assert [ask(shop, effect), ask(shop, effect)] == [Progress.LATER, Progress.LATER]
    assert told(shop) == [ChargeFailed(visit=1, code="gateway_down", retrying=True)]
    shop.account.credentials = {}
    shop.account.save()
    assert ask(shop, effect) is Progress.DONE
    assert isinstance(told(shop)[-1], ChargeReady)
    assert GatewayAccount.unscoped.get(pk=shop.account.pk).failing_since is None


def test_a_refusal_takes_the_way_of_a_failed_payment(shop: Shop) -> None:
    shop.account.credentials = {"fault": "refuses"}
    shop.account.save()
    assert ask(shop, wish()) is Progress.DONE
    assert told(shop) == [ChargeFailed(visit=1, code="gateway_refused", retrying=False)]
    assert (Payment.unscoped.get().status, Order.unscoped.get().status) == ("failed", "failed")


def test_without_any_account_the_visit_fails_at_once(shop: Shop) -> None:
    GatewayAccount.unscoped.update(active=False)
    assert ask(shop, wish()) is Progress.DONE
    assert told(shop) == [ChargeFailed(visit=1, code="no_gateway", retrying=False)]
    assert not Order.unscoped.exists()


def test_a_code_that_asks_for_another_amount_never_reaches_a_person(shop: Shop) -> None:
    create = SandboxGateway.create

    def cheat(self: SandboxGateway, account: AccountAccess, new: NewCharge) -> Charge:
        made = create(self, account, new)
        SandboxCharge.unscoped.update(amount_minor=1)
        return Charge(
            provider_id=made.provider_id,
            key=made.key,
            status=made.status,
            amount=made.amount,
            br_code=made.br_code.replace("540529.90", "540599.90"),
        )

    with patch.object(SandboxGateway, "create", cheat):
        assert ask(shop, wish()) is Progress.DONE
    assert told(shop) == [ChargeFailed(visit=1, code="gateway_refused", retrying=False)]


def test_a_test_chat_charges_in_the_sandbox_whatever_the_bot_has(db: None) -> None:
    shop = make_shop(channel=Channel.SIMULATOR)
    other = add_account(shop, "Of the bot")
    set_bot_accounts(organization_id=shop.organization.pk, bot_id=shop.bot.pk, account_ids=[other.pk])
    sale = charge(shop)
    assert (sale.payment.account_id, sale.order.is_test) == (shop.account.pk, True)


def test_a_new_code_replaces_the_old_one_which_stays_watched(shop: Shop) -> None:
    sale = charge(shop)
    old = sale.payment
    effect = RenewPayment(visit=1, payment_id=old.pk)
    envelope = shop.envelope(effect, run_id=sale.run_id)
    with organization_scope(shop.organization.pk):
        assert [renew(envelope, effect, key="r:2:0"), renew(envelope, effect, key="r:2:0")] == [Progress.DONE] * 2
    new = sale.payment
    old.refresh_from_db()
    assert (old.superseded, old.status, old.next_poll_at is not None) == (True, "pending", True)
    assert (new.order_id, new.attempt, new.superseded, new.status) == (sale.order_id, 2, False, "pending")
    assert new.br_code != old.br_code
    ready = [event for event in told(shop) if isinstance(event, ChargeReady)]
    assert [event.payment_id for event in ready] == [old.pk, new.pk]


def test_a_new_code_for_an_expired_one(shop: Shop) -> None:
    sale = charge(shop)
    apply_notice(sale.payment.pk, Notice(State.EXPIRED), source=EventSource.EXPIRY)
    assert sale.order.status == "expired"
    effect = RenewPayment(visit=1, payment_id=sale.payment.pk)
    with organization_scope(shop.organization.pk):
        assert renew(shop.envelope(effect, run_id=sale.run_id), effect, key="r:2:0") is Progress.DONE
    assert (sale.order.status, sale.payment.status, sale.payment.attempt) == ("open", "pending", 2)


def test_the_old_code_that_is_paid_after_all_pays_the_order(shop: Shop) -> None:
    sale = charge(shop, wish(deliver={"text": "Bem-vindo!"}))
    old = sale.payment
    effect = RenewPayment(visit=1, payment_id=old.pk)
    with organization_scope(shop.organization.pk):
        renew(shop.envelope(effect, run_id=sale.run_id), effect, key="r:2:0")
    new = sale.payment
    apply_notice(old.pk, Notice(State.PAID), source=EventSource.WEBHOOK)
    assert sale.order.paid_by_id == old.pk
    apply_notice(new.pk, Notice(State.PAID), source=EventSource.WEBHOOK)
    new.refresh_from_db()
    assert (new.status, new.overpaid, new.superseded) == ("paid", True, True)
    assert sale.order.paid_by_id == old.pk
    assert Grant.unscoped.filter(order_id=sale.order_id).count() == 1
    assert sum(isinstance(event, PaymentChanged) for event in told(shop)) == 1


def test_a_new_code_for_a_paid_order_tells_that_it_is_paid(shop: Shop) -> None:
    sale = charge(shop)
    apply_notice(sale.payment.pk, Notice(State.PAID), source=EventSource.WEBHOOK)
    effect = RenewPayment(visit=1, payment_id=sale.payment.pk)
    with organization_scope(shop.organization.pk):
        assert renew(shop.envelope(effect, run_id=sale.run_id), effect, key="r:2:0") is Progress.DONE
    assert Payment.unscoped.count() == 1
    assert isinstance(told(shop)[-1], PaymentChanged)


def test_a_new_code_where_another_visit_has_opened_the_same_charge_takes_that_one(shop: Shop) -> None:
    first = charge(shop)
    apply_notice(first.payment.pk, Notice(State.EXPIRED), source=EventSource.EXPIRY)
    second = charge(shop, wish(visit=5))
    effect = RenewPayment(visit=1, payment_id=first.payment.pk)
    with organization_scope(shop.organization.pk):
        renew(shop.envelope(effect, run_id=first.run_id), effect, key="r:2:0")
    assert Payment.unscoped.filter(status="pending", superseded=False).count() == 1
    assert (second.order.run_id, second.order.visit) == (first.run_id, 1)
    last = told(shop)[-1]
    assert isinstance(last, ChargeReady)
    assert (last.visit, last.payment_id) == (1, second.payment.pk)


def test_a_gateway_call_that_still_runs_is_left_alone(shop: Shop) -> None:
    effect = wish()
    with patch("payments.services.creation._create", side_effect=RuntimeError), pytest.raises(RuntimeError):
        ask(shop, effect)
    assert ask(shop, effect) is Progress.SOON
    Payment.unscoped.update(creating_until=timezone.now() - timedelta(seconds=1))
    assert ask(shop, effect) is Progress.DONE


def test_a_charge_paid_before_its_creation_was_answered_is_paid(shop: Shop) -> None:
    create = SandboxGateway.create

    def paid_at_once(self: SandboxGateway, account: AccountAccess, new: NewCharge) -> Charge:
        create(self, account, new)
        SandboxCharge.unscoped.update(status="paid", received_minor=2990, paid_at=timezone.now())
        return create(self, account, new)

    with patch.object(SandboxGateway, "create", paid_at_once):
        sale = charge(shop)
    assert (sale.payment.status, sale.order.status) == ("paid", "paid")


def test_a_new_code_for_a_visit_that_never_had_an_order_fails_again(shop: Shop) -> None:
    effect = RenewPayment(visit=1, payment_id=None)
    with organization_scope(shop.organization.pk):
        assert renew(shop.envelope(effect), effect, key="r:2:0") is Progress.DONE
    assert told(shop) == [ChargeFailed(visit=1, code="no_gateway", retrying=False)]


def test_whoever_asks_for_a_new_code_hears_of_it(shop: Shop) -> None:
    sale = charge(shop)
    second = charge(shop, wish(visit=4))
    effect = RenewPayment(visit=1, payment_id=sale.payment.pk)
    with organization_scope(shop.organization.pk):
        renew(shop.envelope(effect, run_id=sale.run_id), effect, key="r:2:0")
    assert [event.visit for event in told(shop) if isinstance(event, ChargeReady)] == [1, 4, 1]
    assert (second.order.run_id, second.order.visit) == (sale.run_id, 1)
