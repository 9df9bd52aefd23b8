"""What follows from a notice: ledger, order, grant and inbox row in one transaction, exactly once."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from flows.engine.events import ChargeReady, PaymentChanged, PaymentStatus
from flows.models import InboxEvent
from payments.domain.events import EventSource
from payments.domain.ledger import Standing, fold
from payments.domain.money import Currency, Money
from payments.domain.states import Alarm, Notice, Outcome
from payments.domain.states import PaymentStatus as State
from payments.models import CreditEntry, Grant, MoneyMatter, MoneyRules, Payment, PaymentEvent
from payments.services import apply_notice
from tests.factories.payments import Sale, Shop, charge, told, wish
from tests.support.sql import recorded_sql

PRICE = Money(2990, Currency.BRL)


def changes(shop: Shop) -> list[tuple[int, str]]:
    return [(event.visit, event.status.value) for event in told(shop) if isinstance(event, PaymentChanged)]


def hear(sale: Sale, status: State, source: EventSource = EventSource.WEBHOOK) -> Outcome:
    return apply_notice(sale.payment.pk, Notice(status), source=source).decision.outcome


def test_paid_makes_the_grant_and_tells_the_run(shop: Shop) -> None:
    sale = charge(shop, wish(visit=3, deliver={"text": "Bem-vindo!"}))
    assert hear(sale, State.PAID) is Outcome.MOVED
    order, payment, grant = sale.order, sale.payment, Grant.unscoped.get()
    assert payment.paid_at is not None
    assert (order.status, order.paid_by_id, order.paid_at) == ("paid", payment.pk, payment.paid_at)
    assert (grant.order_id, grant.telegram_user_id, grant.content) == (
        order.pk,
        shop.contact.telegram_user_id,
        {"text": "Bem-vindo!"},
    )
    assert told(shop)[-1] == PaymentChanged(
        visit=3,
        payment_id=payment.pk,
        order_id=order.pk,
        status=PaymentStatus.PAID,
        amount_minor=2990,
        currency="BRL",
        at=payment.paid_at,
    )
    row = InboxEvent.unscoped.filter(bot_id=shop.bot.pk).latest("id")
    assert (row.run_id, row.source) == (sale.run_id, "payment")
    assert payment.next_poll_at is None


@pytest.mark.parametrize("source", [EventSource.WEBHOOK, EventSource.POLL, EventSource.PRESS, EventSource.ADMIN])
def test_every_source_comes_through_the_same_door_and_a_repeat_changes_nothing(shop: Shop, source: EventSource) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    assert [hear(sale, State.PAID, source), hear(sale, State.PAID, EventSource.POLL)] == [Outcome.MOVED, Outcome.SAME]
    assert sale.ledger() == [("created", "create", "pending"), ("moved", source.value, "paid")]
    assert (changes(shop), Grant.unscoped.count()) == ([(1, "paid")], 1)


@pytest.mark.parametrize("unpaid", [State.FAILED, State.EXPIRED])
def test_late_money_is_served_and_flagged(shop: Shop, unpaid: State) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    hear(sale, unpaid)
    hear(sale, State.PAID)
    assert (sale.payment.status, sale.payment.late, sale.order.status) == ("paid", True, "paid")
    assert changes(shop) == [(1, unpaid.value), (1, "paid")]
    assert Grant.unscoped.count() == 1


@pytest.mark.parametrize("stale", [State.PENDING, State.FAILED, State.EXPIRED])
def test_a_stale_notice_after_the_money_changes_nothing(shop: Shop, stale: State) -> None:
    sale = charge(shop)
    hear(sale, State.PAID)
    before = sale.ledger()
    assert hear(sale, stale) is Outcome.REFUSED
    assert (sale.payment.status, sale.order.status, sale.ledger()) == ("paid", "paid", before)


@pytest.mark.parametrize(
    ("notice", "alarm"),
    [
        (Notice(State.PAID, received=Money(2989, Currency.BRL)), Alarm.AMOUNT_TOO_SMALL),
        (Notice(State.PAID, amount=Money(1, Currency.BRL)), Alarm.AMOUNT_TOO_SMALL),
        (Notice(State.PAID, amount=Money(2990, Currency.XTR)), Alarm.OTHER_CURRENCY),
    ],
)
def test_money_that_is_not_this_charge_pays_nothing_and_is_kept_for_all_to_see(
    shop: Shop, notice: Notice, alarm: Alarm
) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    for _ in range(3):
        assert apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK).decision.outcome is Outcome.REFUSED
    assert (sale.payment.status, sale.order.status, Grant.unscoped.count()) == ("pending", "open", 0)
    assert changes(shop) == []
    assert [event.alarm for event in PaymentEvent.unscoped.filter(kind="refused")] == [alarm.value]


def test_a_charge_paid_twice_is_flagged_once(shop: Shop) -> None:
    sale = charge(shop)
    hear(sale, State.PAID)
    twice = Notice(State.PAID, received=Money(5980, Currency.BRL))
    for _ in range(2):
        apply_notice(sale.payment.pk, twice, source=EventSource.POLL)
    assert sale.payment.overpaid is True
    assert [event.alarm for event in PaymentEvent.unscoped.filter(kind="flagged")] == ["overpaid"]
    assert changes(shop) == [(1, "paid")]


def test_refund_and_dispute_reach_order_and_run(shop: Shop) -> None:
    sale = charge(shop)
    for status in (State.PAID, State.PARTIALLY_REFUNDED, State.REFUNDED):
        hear(sale, status)
    assert (sale.payment.status, sale.order.status) == ("refunded", "refunded")
    assert changes(shop) == [(1, "paid"), (1, "partially_refunded"), (1, "refunded")]


def test_a_dispute_won_is_paid_again_without_a_second_grant(shop: Shop) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    hear(sale, State.PAID)
    hear(sale, State.DISPUTED)
    apply_notice(sale.payment.pk, Notice(State.PAID, dispute_won=True), source=EventSource.POLL)
    assert (sale.order.status, Grant.unscoped.count()) == ("paid", 1)


def test_a_dispute_of_a_missed_payment_is_served_and_then_disputed(shop: Shop) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    hear(sale, State.DISPUTED)
    assert (sale.payment.status, sale.order.status, Grant.unscoped.count()) == ("disputed", "disputed", 1)
    assert changes(shop) == [(1, "paid"), (1, "disputed")]


def standing_of(sale: Sale) -> Standing:
    return fold(event.line for event in PaymentEvent.unscoped.filter(payment=sale.payment).order_by("id"))


def test_money_that_goes_back_during_a_dispute_is_in_the_books_at_once(shop: Shop) -> None:
    """A refund on its way when the dispute was opened: whatever the gateway calls the charge now, the sum is told."""
    sale = charge(shop)
    hear(sale, State.PAID)
    hear(sale, State.DISPUTED)
    for status, minor in ((State.PARTIALLY_REFUNDED, 1000), (State.DISPUTED, 1500), (State.DISPUTED, 1500)):
        notice = Notice(status, refunded=Money(minor, Currency.BRL))
        apply_notice(sale.payment.pk, notice, source=EventSource.POLL)
    assert (sale.payment.status, sale.payment.refunded_minor) == ("disputed", 1500)
    assert standing_of(sale) == Standing(State.DISPUTED, received_minor=2990, refunded_minor=1500)
    apply_notice(sale.payment.pk, Notice(State.PAID, dispute_won=True), source=EventSource.POLL)
    assert standing_of(sale) == Standing(State.PARTIALLY_REFUNDED, received_minor=2990, refunded_minor=1500)
    assert (sale.order.status, sale.payment.refunded_minor) == ("partially_refunded", 1500)


def test_what_went_back_never_becomes_less(shop: Shop) -> None:
    sale = charge(shop)
    hear(sale, State.PAID)
    for minor in (2000, 1000):
        notice = Notice(State.PARTIALLY_REFUNDED, refunded=Money(minor, Currency.BRL))
        apply_notice(sale.payment.pk, notice, source=EventSource.POLL)
    assert (sale.payment.refunded_minor, standing_of(sale).refunded_minor) == (2000, 2000)


def test_the_deadline_of_a_dispute_is_kept_with_its_line_and_a_later_one_has_its_own(shop: Shop) -> None:
    sale = charge(shop)
    hear(sale, State.PAID)
    first, later = timezone.now() + timedelta(days=7), timezone.now() + timedelta(days=9)
    for until in (first, first, None, later, later):
        apply_notice(sale.payment.pk, Notice(State.DISPUTED, dispute_until=until), source=EventSource.WEBHOOK)
    assert sale.payment.dispute_until == later
    lines = PaymentEvent.unscoped.filter(payment=sale.payment, alarm="disputed").order_by("id")
    assert [(line.kind, line.note) for line in lines] == [
        ("moved", f"until {first.isoformat()}"),
        ("flagged", f"until {later.isoformat()}"),
    ]
    # What was told of an older dispute says nothing of a charge that is in order.
    apply_notice(sale.payment.pk, Notice(State.PAID, dispute_won=True, dispute_until=first), source=EventSource.POLL)
    assert (sale.payment.status, sale.payment.dispute_until) == ("paid", later)


def test_the_ledger_folds_to_what_the_row_says(shop: Shop) -> None:
    sale = charge(shop)
    for status in (State.EXPIRED, State.PAID, State.REFUNDED):
        hear(sale, status)
    lines = [event.line for event in PaymentEvent.unscoped.filter(payment=sale.payment).order_by("id")]
    assert fold(lines) == Standing(State.REFUNDED, late=True, received_minor=2990, refunded_minor=2990)


def test_whoever_adopted_the_charge_is_told(shop: Shop) -> None:
    charge(shop)
    second = charge(shop, wish(visit=9))
    hear(second, State.PAID)
    assert changes(shop) == [(9, "paid")]
    assert InboxEvent.unscoped.filter(bot_id=shop.bot.pk).latest("id").run_id == second.run_id


def test_nothing_is_written_if_the_transaction_is_not_committed(shop: Shop) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    with transaction.atomic():
        hear(sale, State.PAID)
        transaction.set_rollback(True)
    assert (sale.payment.status, sale.order.status, Grant.unscoped.count(), changes(shop)) == ("pending", "open", 0, [])


def test_locks_the_order_then_the_charge_before_it_writes(shop: Shop) -> None:
    sale = charge(shop, wish(deliver={"text": "x"}))
    with recorded_sql() as statements:
        hear(sale, State.PAID)
    locks = [sql for sql in statements if "FOR NO KEY UPDATE" in sql]
    assert [next(t for t in ("payments_order", "payments_payment") if f'"{t}"' in sql) for sql in locks] == [
        "payments_order",
        "payments_payment",
    ]
    first_write = next(n for n, sql in enumerate(statements) if sql.startswith(("UPDATE", "INSERT")))
    assert statements.index(locks[-1]) < first_write
    assert not [sql for sql in statements if "flows_conversation" in sql or "flows_run" in sql]


def test_a_charge_that_expires_behind_a_newer_one_is_not_the_runs_business(shop: Shop) -> None:
    sale = charge(shop)
    Payment.unscoped.update(superseded=True)
    hear(sale, State.EXPIRED)
    assert (changes(shop), sale.order.status) == ([], "open")


def test_money_booked_after_the_end_is_late_though_nobody_had_noticed_the_end(shop: Shop) -> None:
    sale = charge(shop)
    hour_ago = timezone.now() - timedelta(hours=1)
    Payment.unscoped.update(created_at=hour_ago, expires_at=hour_ago + timedelta(minutes=30))
    notice = Notice(State.PAID, occurred_at=hour_ago + timedelta(minutes=31))
    apply_notice(sale.payment.pk, notice, source=EventSource.POLL)
    assert (sale.payment.late, sale.payment.paid_at) == (True, notice.occurred_at)
    assert isinstance(told(shop)[0], ChargeReady)


def test_a_gateways_clock_that_is_ahead_makes_nothing_late(shop: Shop) -> None:
    """The code was good when we heard of the money, whatever their clock says."""
    sale = charge(shop)
    before = timezone.now()
    notice = Notice(State.PAID, occurred_at=sale.payment.expires_at + timedelta(hours=3))
    apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)
    payment = sale.payment
    assert payment.paid_at is not None
    assert (payment.late, before <= payment.paid_at <= timezone.now()) == (False, True)


def test_money_is_never_older_than_its_charge(shop: Shop) -> None:
    sale = charge(shop)
    notice = Notice(State.PAID, occurred_at=timezone.now() - timedelta(hours=3))
    apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)
    assert sale.payment.paid_at == sale.payment.created_at


def test_a_charge_paid_a_third_time_is_seen_a_third_time(shop: Shop) -> None:
    sale = charge(shop)
    for received in (2990, 5980, 5980, 8970, 8970):
        notice = Notice(State.PAID, received=Money(received, Currency.BRL))
        apply_notice(sale.payment.pk, notice, source=EventSource.POLL)
    flagged = PaymentEvent.unscoped.filter(kind="flagged").order_by("id")
    assert list(flagged.values_list("amount_minor", flat=True)) == [5980, 8970]
    assert standing_of(sale).received_minor == 8970
    matter = MoneyMatter.unscoped.get()
    assert (matter.case, matter.state, matter.amount_minor) == ("double", "waiting", 5980)


def test_a_third_payment_after_the_second_was_decided_raises_its_own_alarm_and_changes_no_decision(shop: Shop) -> None:
    MoneyRules.unscoped.create(organization=shop.organization, double="credit")
    sale = charge(shop)
    for received in (2990, 5980, 8970):
        notice = Notice(State.PAID, received=Money(received, Currency.BRL))
        apply_notice(sale.payment.pk, notice, source=EventSource.POLL)
    assert PaymentEvent.unscoped.filter(kind="flagged", alarm="overpaid").count() == 2
    assert (MoneyMatter.unscoped.get().amount_minor, CreditEntry.unscoped.get().amount_minor) == (2990, 2990)
