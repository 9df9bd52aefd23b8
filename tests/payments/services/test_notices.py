"""What the team hears about money: paid, disputed, odd, not inside, a gateway that does not answer."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from bots.models import Channel, NoticeKind
from bots.outbox.models import OutboxMessage
from payments.domain.events import EventSource
from payments.domain.states import Notice, PaymentStatus
from payments.models import GatewayAccount, Order
from payments.services.notices import look_around, tell_silent_gateways
from payments.services.transitions import apply_notice
from tests.factories.payments import Sale, Shop, charge, make_shop, second_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def sale() -> Sale:
    return charge(make_shop())


def notices_of(shop: Shop) -> list[tuple[str, str]]:
    rows = OutboxMessage.unscoped.filter(organization_id=shop.organization.pk, topic="notice.raised")
    return [(row.payload["kind"], row.payload["facts"]["name"]) for row in rows.order_by("position")]


def move(sale: Sale, status: PaymentStatus) -> None:
    apply_notice(sale.payment.pk, Notice(status), source=EventSource.WEBHOOK)


def test_a_paid_sale_is_told_once(sale: Sale) -> None:
    for _time in range(2):
        move(sale, PaymentStatus.PAID)
    assert notices_of(sale.shop) == [(NoticeKind.SALE_PAID, "Ana")]


def test_a_test_chats_sale_is_nobodys_business() -> None:
    sale = charge(make_shop(channel=Channel.SIMULATOR))
    move(sale, PaymentStatus.PAID)
    assert notices_of(sale.shop) == []


def test_a_dispute_is_told_with_what_it_is_about(sale: Sale) -> None:
    move(sale, PaymentStatus.PAID)
    move(sale, PaymentStatus.DISPUTED)
    assert notices_of(sale.shop)[-1] == (NoticeKind.DISPUTE, "Ana")
    facts = OutboxMessage.unscoped.get(payload__kind="dispute").payload["facts"]
    assert (facts["what"], facts["amount"]) == ("Grupo VIP", "R$ 29,90")


def disputes() -> list[str | None]:
    rows = OutboxMessage.unscoped.filter(payload__kind="dispute").order_by("position")
    return [row.payload["facts"].get("deadline") for row in rows]


def test_a_dispute_is_told_with_its_deadline_in_brazils_time(sale: Sale) -> None:
    move(sale, PaymentStatus.PAID)
    until = datetime(2026, 12, 8, 2, 30, tzinfo=UTC)
    for _time in range(2):
        notice = Notice(PaymentStatus.DISPUTED, dispute_until=until)
        apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)
    assert disputes() == ["07/12/2026 23:30 (BRT)"]


def test_a_deadline_that_becomes_known_later_is_told_too_and_a_second_dispute_of_the_charge(sale: Sale) -> None:
    move(sale, PaymentStatus.PAID)
    move(sale, PaymentStatus.DISPUTED)
    until = datetime(2026, 12, 8, 12, tzinfo=UTC)
    opened = Notice(PaymentStatus.DISPUTED, dispute_until=until)
    apply_notice(sale.payment.pk, opened, source=EventSource.WEBHOOK)
    assert disputes() == [None, "08/12/2026 09:00 (BRT)"]
    won = Notice(PaymentStatus.PAID, dispute_won=True)
    apply_notice(sale.payment.pk, won, source=EventSource.WEBHOOK)
    apply_notice(sale.payment.pk, opened, source=EventSource.WEBHOOK)
    assert len(disputes()) == 3


def test_who_paid_and_is_not_inside_is_told_once(sale: Sale) -> None:
    move(sale, PaymentStatus.PAID)
    assert look_around() == 0
    Order.unscoped.update(paid_at=timezone.now() - timedelta(minutes=6))
    assert [look_around(), look_around()] == [1, 1]
    assert [kind for kind, _name in notices_of(sale.shop)] == [NoticeKind.SALE_PAID, NoticeKind.NOT_SERVED]
    Order.unscoped.update(served_at=timezone.now())
    assert look_around() == 0


def test_a_gateway_that_stays_down_is_told_once_an_hour_at_most(sale: Sale) -> None:
    began = timezone.now().replace(minute=20, second=0, microsecond=0) - timedelta(hours=2)
    accounts = GatewayAccount.unscoped.filter(pk=sale.shop.account.pk)

    def down() -> list[str]:
        rows = OutboxMessage.unscoped.filter(payload__kind="gateway_down").order_by("position")
        return [row.payload["facts"]["reason"] for row in rows]

    accounts.update(failing_since=timezone.now(), last_error="timeout: no answer")
    look_around()
    assert down() == []
    accounts.update(failing_since=began)
    look_around()
    look_around()
    assert down() == ["timeout: no answer"]
    # It came back for a moment, and went away again in the same hour; then in another.
    accounts.update(failing_since=began + timedelta(minutes=10))
    look_around()
    assert len(down()) == 1
    accounts.update(failing_since=began + timedelta(hours=1))
    look_around()
    assert len(down()) == 2


@pytest.mark.parametrize(("gateway", "asked", "told"), [("woovi", 3, ["60%"]), ("woovi", 2, []), ("sandbox", 5, [])])
def test_a_gateway_that_hardly_tells_is_told_of_once_a_week(gateway: str, asked: int, told: list[str]) -> None:
    shop = make_shop()
    for number in range(5):
        source = EventSource.POLL if number < asked else EventSource.WEBHOOK
        sale = charge(second_contact(shop))
        apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID), source=source)
    GatewayAccount.unscoped.filter(pk=shop.account.pk).update(gateway=gateway)
    assert [tell_silent_gateways() for _ in range(2)] == [len(told)] * 2
    rows = OutboxMessage.unscoped.filter(payload__kind="gateway_silent")
    assert [row.payload["facts"]["percent"] for row in rows] == told
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        tell_silent_gateways()
    assert rows.all().count() == 2 * len(told)
