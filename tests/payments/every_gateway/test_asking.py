"""Asking gateways: within each one's quota, whoever asks; a dead gateway keeps nobody else waiting; books compared."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bots.tenancy import organization_scope
from flows.engine.effects import RequestPayment
from payments.domain.events import EventSource
from payments.gateways.reading import HOME
from payments.gateways.registry import gateway_of
from payments.models import GatewayAccount, Payment, Reconciliation
from payments.services import ask_gateway, compare_books, poll_due
from payments.services.quota import may_ask
from tests.factories.gateways import PAYER, Branch, may_be_asked_again, open_branch
from tests.factories.payments import charge, second_contact, wish
from tests.payments.every_gateway.conftest import OpenFake
from tests.support.fake_gateways import FakeAsaas, FakeMercadoPago, FakePushinPay, Mood


def make_due() -> None:
    Payment.unscoped.update(next_poll_at=timezone.now() - timedelta(seconds=1), poll_lease_until=None)


def today() -> date:
    """As gateways of Brazil count days."""
    return timezone.now().astimezone(HOME).date()


def test_a_lost_notice_is_found_by_polling(branch: Branch) -> None:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    make_due()
    poll_due()
    assert (sale.payment.status, sale.ledger()[-1]) == ("paid", ("moved", "poll", "paid"))


def test_a_charge_is_asked_about_as_often_as_its_gateway_allows_whoever_asks(branch: Branch) -> None:
    sale = branch.sell()
    for source in (EventSource.PRESS, EventSource.WEBHOOK, EventSource.POLL, EventSource.PRESS):
        ask_gateway(sale.payment.pk, source=source)
    assert branch.entry_of(sale).questions == 1
    interval = timedelta(seconds=gateway_of(branch.fake.name).traits.seconds_between_questions)
    Payment.unscoped.update(last_asked_at=timezone.now() - interval)
    ask_gateway(sale.payment.pk, source=EventSource.PRESS)
    assert branch.entry_of(sale).questions == 2


def test_pushinpay_is_asked_about_a_charge_once_a_minute_at_most() -> None:
    assert gateway_of("pushinpay").traits.seconds_between_questions > 60


def test_an_account_has_a_quota_of_its_own_shared_through_its_row(open_fake: OpenFake, settings: Any, db: None) -> None:
    branch = open_branch(open_fake(FakeAsaas), settings)
    payment = branch.sell().payment
    share = timedelta(minutes=1) / gateway_of("asaas").traits.questions_per_minute

    def ask(*, spoken_for: timedelta) -> bool:
        """Whether a question is let through when the row is spoken for so far ahead."""
        Payment.unscoped.update(last_asked_at=None)
        payment.refresh_from_db()
        GatewayAccount.unscoped.update(questions_until=timezone.now() + spoken_for)
        with organization_scope(payment.organization_id):
            return may_ask(payment)

    def ahead() -> timedelta:
        until = GatewayAccount.unscoped.get(pk=branch.account.pk).questions_until
        assert until is not None
        return until - timezone.now()

    # Half a minute's questions may be asked at once; each speaks for its share of a minute.
    assert ask(spoken_for=timedelta(seconds=25))
    assert timedelta(seconds=25) < ahead() <= timedelta(seconds=25) + share
    assert not ask(spoken_for=timedelta(minutes=2))
    # A quiet time is not saved up.
    assert ask(spoken_for=-timedelta(hours=1))
    assert ahead() <= share


def test_a_refused_question_is_put_off_and_not_forgotten(open_fake: OpenFake, settings: Any, db: None) -> None:
    branch = open_branch(open_fake(FakePushinPay), settings)
    sale = branch.sell()
    ask_gateway(sale.payment.pk, source=EventSource.PRESS)
    make_due()
    poll_due()
    assert branch.entry_of(sale).questions == 1
    due = sale.payment.next_poll_at
    assert due is not None
    assert timezone.now() < due <= timezone.now() + timedelta(seconds=61)


@pytest.mark.usefixtures("impatient")
def test_a_dead_gateway_is_asked_once_a_batch_and_keeps_nobody_else_waiting(
    open_fake: OpenFake, settings: Any, db: None
) -> None:
    dead = open_branch(open_fake(FakeMercadoPago), settings)
    dead.sell()
    for number in range(2, 5):
        charge(second_contact(dead.shop), _wish(number))
    alive = open_branch(open_fake(FakeAsaas), settings, name="Outra")
    sale = alive.sell()
    alive.entry_of(sale).pay()
    make_due()
    before = len(dead.fake.calls)
    dead.fake.become(Mood.SLOW, times=100)
    assert poll_due() == 5
    assert len(dead.fake.calls) - before == 1
    assert sale.payment.status == "paid"
    assert Payment.unscoped.filter(poll_lease_until__isnull=False).count() == 0


def _wish(number: int) -> RequestPayment:
    return replace(wish(visit=number), payer=PAYER)


def test_expiry_asks_the_gateway_first(branch: Branch) -> None:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    make_due()
    Payment.unscoped.update(expires_at=timezone.now() - timedelta(seconds=3))
    poll_due()
    assert sale.payment.status == "paid"


def test_late_money_is_found_and_served(branch: Branch) -> None:
    sale = branch.sell()
    make_due()
    Payment.unscoped.update(expires_at=timezone.now() - timedelta(seconds=3))
    poll_due()
    assert sale.payment.status == "expired"
    branch.entry_of(sale).pay()
    make_due()
    may_be_asked_again()
    poll_due()
    assert (sale.payment.status, sale.payment.late, sale.order.status) == ("paid", True, "paid")


def test_a_lost_charge_that_nothing_can_find_ends_with_its_time(open_fake: OpenFake, settings: Any, db: None) -> None:
    branch = open_branch(open_fake(FakePushinPay), settings)
    branch.fake.become(Mood.LOST, match="POST /pix/cashIn")
    with pytest.raises(AssertionError):
        branch.sell()
    Payment.unscoped.update(expires_at=timezone.now() - timedelta(seconds=3))
    asked = len(branch.fake.calls)
    ask_gateway(Payment.unscoped.get().pk, source=EventSource.POLL)
    assert (Payment.unscoped.get().status, len(branch.fake.calls)) == ("expired", asked)


def test_equal_books_agree_and_missed_money_is_found_by_night(branch: Branch) -> None:
    first, second = branch.sell(), branch.sell(visit=2, amount_minor=1000)
    branch.entry_of(first).pay()
    ask_gateway(first.payment.pk, source=EventSource.POLL)
    branch.entry_of(second).pay()
    may_be_asked_again()
    differing = compare_books(today())
    if not gateway_of(branch.fake.name).traits.lists_received:
        assert (differing, Reconciliation.unscoped.count()) == (0, 0)
        return
    row = Reconciliation.unscoped.get()
    assert (differing, row.differing, row.error) == (0, [], "")
    assert (row.ours_count, row.theirs_count, row.found_count) == (2, 2, 1)
    assert (row.ours_minor, row.theirs_minor) == (3990, 3990)
    assert second.payment.status == "paid"


def test_books_that_differ_raise_an_alarm_and_a_gateway_without_answer_too(branch: Branch) -> None:
    if not gateway_of(branch.fake.name).traits.lists_received:
        return
    sale = branch.sell()
    branch.entry_of(sale).pay()
    ask_gateway(sale.payment.pk, source=EventSource.POLL)
    day = today()
    branch.fake.become(Mood.DOWN)
    assert compare_books(day) == 1
    row = Reconciliation.unscoped.get()
    assert (row.agrees, row.error.startswith("gateway_down")) == (False, True)
    branch.entry_of(sale).cents = 2000
    may_be_asked_again()
    assert compare_books(day) == 1
    row = Reconciliation.unscoped.get()
    assert (row.differing, row.ours_minor, row.theirs_minor) == ([sale.payment.provider_id], 2990, 2000)
