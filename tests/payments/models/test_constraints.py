"""What the database itself refuses, whoever asks."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from bots.tenancy import staff_scope
from payments.domain.events import EventSource
from payments.domain.states import Notice, PaymentStatus
from payments.models import ChargeRequest, Grant, Order, Payment, PaymentEvent
from payments.services import apply_notice
from tests.factories.payments import Sale, Shop, charge, make_shop


@pytest.fixture
def sale(shop: Shop) -> Sale:
    return charge(shop)


def refused(write: Callable[[], object]) -> None:
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():  # noqa: PT012
        write()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_ledger_line_is_never_changed_nor_deleted(sale: Sale) -> None:
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID), source=EventSource.POLL)
    lines = PaymentEvent.unscoped.all()
    before = list(lines.values_list("pk", "amount_minor"))
    refused(lambda: lines.update(amount_minor=1))
    refused(lambda: lines.filter(kind="moved").delete())
    assert list(lines.values_list("pk", "amount_minor")) == before


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_positive(sale: Sale, amount: int) -> None:
    refused(lambda: Payment.unscoped.update(amount_minor=amount))
    refused(lambda: Order.unscoped.update(amount_minor=amount))


@pytest.mark.parametrize("field", ["status", "currency"])
def test_only_known_words_are_kept(sale: Sale, field: str) -> None:
    refused(lambda: Payment.unscoped.update(**{field: "odd"}))
    refused(lambda: Order.unscoped.update(**{field: "odd"}))


def test_a_paid_charge_has_a_time_and_a_paid_order_its_charge(sale: Sale) -> None:
    refused(lambda: Payment.unscoped.update(status="paid"))
    refused(lambda: Order.unscoped.update(paid_at=timezone.now()))


def test_keys_are_used_once(shop: Shop, sale: Sale) -> None:
    other = charge(make_shop("Outra"))
    refused(lambda: Payment.unscoped.update(idempotency_key="same"))
    request = ChargeRequest.unscoped.filter(order_id=other.order_id)
    refused(lambda: request.update(key=ChargeRequest.unscoped.get(order_id=sale.order_id).key))


def test_one_open_charge_per_contact_and_key(sale: Sale) -> None:
    payment = sale.payment

    def again() -> None:
        payment.pk, payment._state.adding = None, True
        copy = Payment(
            **{
                field.attname: getattr(payment, field.attname)
                for field in Payment._meta.concrete_fields
                if field.name not in ("id", "created_at", "idempotency_key", "provider_id")
            },
            idempotency_key="another",
        )
        with staff_scope():
            copy.save(force_insert=True)

    refused(again)


@pytest.mark.parametrize(
    ("model", "field"),
    [(Order, "contact"), (Order, "bot"), (Payment, "order"), (Payment, "account"), (ChargeRequest, "order")],
)
def test_a_row_that_mixes_two_organizations_is_refused(sale: Sale, model: type, field: str) -> None:
    other = charge(make_shop("Outra"))
    mine = model.unscoped.get(organization_id=sale.shop.organization.pk)  # type: ignore[attr-defined]
    theirs = model.unscoped.get(organization_id=other.shop.organization.pk)  # type: ignore[attr-defined]
    refused(lambda: model.unscoped.filter(pk=mine.pk).update(**{field: getattr(theirs, f"{field}_id")}))  # type: ignore[attr-defined]


def test_an_access_ends_after_it_starts(sale: Sale) -> None:
    now = timezone.now()
    grant = Grant(
        organization=sale.shop.organization,
        telegram_user_id=1,
        run_id=sale.run_id,
        visit=1,
        step_id="a",
        kind="content",
        content={},
        content_key="k",
        starts_at=now,
        ends_at=now,
    )
    with staff_scope():
        refused(lambda: grant.save(force_insert=True))
