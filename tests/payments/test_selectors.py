"""What pages, admin and API read of money."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from bots.errors import NotFound
from bots.models import Channel, ConnectedChat
from bots.tenancy import organization_scope
from payments import selectors
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import Order, OrderStatus, Place
from payments.selectors import ChatPeople, ProofKind, ProofState
from payments.services import apply_notice, set_bot_accounts
from payments.services.sandbox import Act
from tests.factories.payments import Sale, Shop, add_account, buyer, charge, make_shop, second_contact, wish


@pytest.fixture
def sale(shop: Shop) -> Sale:
    return charge(shop)


@pytest.fixture(autouse=True)
def _scope(shop: Shop) -> Iterator[None]:
    with organization_scope(shop.organization.pk):
        yield


def pay(sale: Sale) -> None:
    buyer(sale, Act.PAY)
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID, end_to_end_id="E123"), source=EventSource.POLL)


def found(search: str) -> list[Order]:
    return list(selectors.sales(search=search))


def test_a_sale_is_found_by_anything_on_its_receipt(shop: Shop, sale: Sale) -> None:
    pay(sale)
    payment = sale.payment
    for text in (
        "ana",
        f"@{shop.contact.username}",
        str(shop.contact.telegram_user_id),
        payment.txid,
        "e123",
        payment.provider_id,
        str(payment.pk),
        str(sale.order_id),
        "vip",
    ):
        assert found(text) == [sale.order], text
    for text in ("nobody", "999", "%", "' OR 1=1 --"):
        assert found(text) == [], text


def test_filters_narrow_the_list_and_tests_are_left_out(shop: Shop, sale: Sale) -> None:
    pay(sale)
    other = charge(shop, wish(step_id="other"))
    assert list(selectors.sales()) == [other.order, sale.order]
    assert list(selectors.sales(status=OrderStatus.PAID)) == [sale.order]
    assert list(selectors.sales(since=timezone.now())) == []
    assert list(selectors.sales(bot_id=shop.bot.pk)) == [other.order, sale.order]
    Order.objects.update(is_test=True)
    assert (list(selectors.sales()), len(selectors.sales(include_tests=True))) == ([], 2)


def test_another_organizations_sale_is_not_found(sale: Sale) -> None:
    other = charge(make_shop("Outra"))
    with pytest.raises(NotFound):
        selectors.sale(other.order_id)
    assert list(selectors.sales()) == [sale.order]


def test_a_sale_tells_everything_about_itself(sale: Sale) -> None:
    pay(sale)
    detail = selectors.sale(sale.order_id)
    assert [event.kind for event in detail.events] == ["created", "moved"]
    assert detail.payments == (sale.payment,)


def states(sale: Sale) -> dict[ProofKind, ProofState]:
    return {stop.kind: stop.state for stop in selectors.proof_of_sale(sale.order)}


def test_the_proof_follows_the_sale(sale: Sale) -> None:
    stops = {kind: ProofState.OPEN for kind in ProofKind if kind is not ProofKind.INSIDE}
    assert states(sale) == {**stops, ProofKind.CHARGED: ProofState.DONE}
    pay(sale)
    assert states(sale) == {**stops, ProofKind.CHARGED: ProofState.DONE, ProofKind.PAID: ProofState.DONE}
    now = timezone.now()
    Order.objects.update(went_on_at=now, served_at=now, sent_at=now)
    assert set(states(sale).values()) == {ProofState.DONE}


@pytest.fixture
def place_sold(shop: Shop) -> Sale:
    chat = ConnectedChat.objects.create(
        organization=shop.organization, bot=shop.bot, telegram_id=-1001, kind="channel", can_invite_users=True
    )
    sale = charge(shop, wish(deliver={"chat": str(chat.pk), "mode": "join_request", "duration_days": 30}))
    pay(sale)
    return sale


def test_the_proof_of_a_sold_place_ends_inside(place_sold: Sale) -> None:
    assert states(place_sold)[ProofKind.INSIDE] is ProofState.OPEN
    Order.objects.update(paid_at=timezone.now() - timedelta(hours=2))
    assert states(place_sold)[ProofKind.INSIDE] is ProofState.BROKEN
    Place.objects.update(entered_at=timezone.now())
    assert states(place_sold)[ProofKind.INSIDE] is ProofState.DONE


def test_people_are_counted_inside_and_out_and_who_will_leave_is_listed(place_sold: Sale) -> None:
    place = Place.objects.get()
    assert selectors.people_of_chats() == {place.chat_id: ChatPeople(inside=0, outside=1)}
    assert list(selectors.paid_but_not_inside()) == [place]
    Place.objects.update(entered_at=timezone.now())
    assert selectors.people_of_chats() == {place.chat_id: ChatPeople(inside=1, outside=0)}
    assert list(selectors.paid_but_not_inside()) == []
    assert list(selectors.to_be_removed(timedelta(days=29))) == []
    assert list(selectors.to_be_removed(timedelta(days=31))) == [place]


def test_the_proof_is_red_where_it_broke(sale: Sale) -> None:
    pay(sale)
    Order.objects.update(paid_at=timezone.now() - timedelta(minutes=6))
    assert states(sale)[ProofKind.WENT_ON] is ProofState.BROKEN
    Order.objects.update(paid_at=timezone.now(), served_at=timezone.now(), send_failure="dead")
    assert (states(sale)[ProofKind.WENT_ON], states(sale)[ProofKind.SENT]) == (ProofState.DONE, ProofState.BROKEN)


def test_paid_but_not_served_is_listed_until_it_is(sale: Sale) -> None:
    pay(sale)
    assert list(selectors.paid_but_not_served()) == []
    Order.objects.update(paid_at=timezone.now() - timedelta(minutes=6))
    assert list(selectors.paid_but_not_served()) == [sale.order]
    Order.objects.update(served_at=timezone.now())
    assert list(selectors.paid_but_not_served()) == []


def test_what_gave_a_part_back_is_owed_all_the_same(sale: Sale) -> None:
    Order.unscoped.filter(pk=sale.order.pk).update(
        status=OrderStatus.PARTIALLY_REFUNDED, paid_at=timezone.now() - timedelta(hours=1), paid_by_id=sale.payment.pk
    )
    assert list(selectors.paid_but_not_served()) == [sale.order]


def test_takings_count_what_was_paid_per_currency(shop: Shop, sale: Sale) -> None:
    pay(sale)
    pay(charge(second_contact(shop), wish(amount_minor=1000)))
    charge(shop, wish(step_id="unpaid"))
    (takings,) = selectors.takings(since=timezone.now() - timedelta(hours=1))
    assert (takings.total, takings.sales) == (Money(3990, Currency.BRL), 2)


def test_alarms_are_listed(sale: Sale) -> None:
    pay(sale)
    twice = Notice(PaymentStatus.PAID, received=Money(5980, Currency.BRL))
    apply_notice(sale.payment.pk, twice, source=EventSource.POLL)
    assert [event.alarm for event in selectors.alarms(since=timezone.now() - timedelta(hours=1))] == ["overpaid"]


def test_the_catalogue_names_the_accounts_and_the_bots_first(shop: Shop) -> None:
    other = add_account(shop, "B")
    organization_id, bot_id = shop.organization.pk, shop.bot.pk
    set_bot_accounts(organization_id=organization_id, bot_id=bot_id, account_ids=[other.pk, shop.account.pk])
    part = selectors.catalogue_part(organization_id, bot_id)
    assert set(part.gateway_accounts) == {str(shop.account.pk), str(other.pk)}
    assert part.default_account == str(other.pk)
    assert list(selectors.accounts_of_bot(bot_id)) == [other, shop.account]
    assert str(other.pk) not in selectors.catalogue_part(make_shop("Outra").organization.pk, None).gateway_accounts


def test_a_test_chats_charges_are_found_by_its_contact(shop: Shop) -> None:
    tester = make_shop(channel=Channel.SIMULATOR)
    sale = charge(tester)
    with organization_scope(tester.organization.pk):
        assert list(selectors.test_charges(tester.contact.pk)) == [sale.payment]
