"""What a sale's page says of its ledger: plain words, never a code of ours."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from bots.models import Contact, Role
from payments.domain.events import EventKind, EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Alarm, Notice, PaymentStatus
from payments.models import MoneyMatter, Order, Payment, PaymentEvent, Refund, RefundState
from payments.services import apply_notice
from payments.services.refunds import give_up_refund, refund_payment
from payments.web.event_words import ALARMS, REFUND_STEPS, SOURCES, ledger_row
from payments.web.failure_words import failure_in_words
from payments.web.looks import EVENT_KIND
from payments.web.sale_page import masked
from tests.factories.bots import make_membership
from tests.factories.payments import Sale, charge, second_contact, wish
from tests.support.pages import World, signed_in

pytestmark = pytest.mark.django_db

REAIS = "R$\N{NO-BREAK SPACE}"


@pytest.fixture
def sale(world: World) -> Sale:
    return charge(second_contact(world.shop), wish(deliver={"text": "Bem-vindo!"}))


def pay(sale: Sale, minor: int = 2990) -> None:
    apply_notice(
        sale.payment.pk, Notice(PaymentStatus.PAID, received=Money(minor, Currency.BRL)), source=EventSource.WEBHOOK
    )


def page_of(browser: Client, sale: Sale) -> str:
    return browser.get(reverse("sale_detail", args=[sale.order_id])).content.decode()


def give_back(world: World, sale: Sale, *, by_hand: bool = False) -> Refund:
    return refund_payment(
        sale.payment.pk,
        organization_id=world.organization.pk,
        amount=Money(1050, Currency.BRL),
        actor=world.owner,
        reason="pediu desconto",
        by_hand=by_hand,
    )


def test_every_kind_alarm_source_and_step_has_words() -> None:
    assert set(EVENT_KIND) | {EventKind.MOVED} == set(EventKind)
    assert set(ALARMS) == set(Alarm)
    assert set(SOURCES) == set(EventSource)
    assert set(REFUND_STEPS) == set(RefundState)


def test_a_sale_with_a_refund_can_be_looked_at(browser: Client, world: World, sale: Sale) -> None:
    pay(sale)
    give_back(world, sale, by_hand=True)
    page = page_of(browser, sale)
    assert "Devolução a enviar pelo banco" in page
    assert f"{REAIS}10,50" in page
    assert "pediu desconto" in page
    assert "Já devolvi" in page


def test_a_refund_that_was_not_made_says_why(browser: Client, world: World, sale: Sale) -> None:
    pay(sale)
    refund = give_back(world, sale)
    give_up_refund(refund.pk, organization_id=world.organization.pk, error="refund_too_large: More than was received.")
    page = page_of(browser, sale)
    assert "Devolução não feita" in page
    assert "O gateway tem menos deste pagamento do que se queria devolver." in page
    assert "refund_too_large" not in page


def test_a_decision_names_case_and_choice(browser: Client, sale: Sale) -> None:
    pay(sale, 1000)
    page = page_of(browser, sale)
    assert "Pago a menos" in page
    assert "Suas regras deixam isto para a sua equipe." in page
    assert "O dinheiro veio e espera sua decisão." in page
    assert "smaller" not in page
    matter = MoneyMatter.unscoped.get(payment=sale.payment)
    assert f"{reverse('decision_list')}#{matter.pk}" in page
    listed = browser.get(reverse("sale_list")).content.decode()
    assert "Espera sua decisão" in listed
    browser.post(reverse("decision_take", args=[matter.pk]), {"choice": "deliver"})
    assert "Entregar mesmo assim, decidido pela sua equipe" in page_of(browser, sale)


def test_a_refused_notice_is_told_with_its_amount(sale: Sale) -> None:
    event = PaymentEvent(
        payment=sale.payment,
        kind="refused",
        source="webhook",
        key="refused:1",
        note="paid: 10.00 BRL",
        alarm="contradiction",
        currency="BRL",
        to_status="pending",
    )
    with translation.override("en"):
        assert [str(note) for note in ledger_row(event).notes] == [
            "What the gateway told does not fit this charge. Nothing changed.",
            "It said: Paid · R$ 10.00",
        ]
        event.note, event.alarm = "rubbish", "of tomorrow"
        assert [str(note) for note in ledger_row(event).notes] == ["The gateway told something unusual."]


def test_a_code_of_ours_is_never_quoted() -> None:
    with translation.override("en"):
        assert failure_in_words("timeout: no answer") == "The gateway did not answer in time."
        assert failure_in_words("refused: insufficient balance") == "The gateway answered: “insufficient balance”"
        assert failure_in_words("refused: refused") == "The gateway refused without saying why."
        assert failure_in_words("") == "The gateway refused without saying why."


def test_the_line_is_red_once_and_says_what_to_do(browser: Client, world: World) -> None:
    order = world.sale.order
    order.status, order.paid_at = "paid", timezone.now() - timedelta(hours=1)
    order.paid_by_id = world.sale.payment.pk
    order.save()
    page = page_of(browser, world.sale)
    assert page.count("proof-broken") == 1
    assert "Abrir a conversa" in page
    Order.unscoped.filter(pk=order.pk).update(status="expired", paid_at=None, paid_by_id=None)
    page = page_of(browser, world.sale)
    assert page.count("proof-broken") == 0
    assert "O código venceu sem pagamento." in page


def test_a_conversation_that_is_gone_is_not_linked(browser: Client, sale: Sale) -> None:
    assert reverse("conversation_detail", args=[sale.run_id]) not in page_of(browser, sale)


def test_who_may_not_refund_is_not_led_there(world: World, sale: Sale) -> None:
    pay(sale)
    address = reverse("payment_refund", args=[sale.payment.pk])
    support = signed_in(make_membership(organization=world.organization, role=Role.SUPPORT).user)
    assert address in page_of(signed_in(world.owner), sale)
    assert address not in page_of(support, sale)


def test_a_document_is_whole_only_for_who_may_export(world: World, sale: Sale) -> None:
    Payment.unscoped.filter(pk=sale.payment.pk).update(payer={"document": "52998224725", "email": "ana@example.com"})
    assert "52998224725" in page_of(signed_in(world.owner), sale)
    page = page_of(signed_in(world.viewer), sale)
    assert "52998224725" not in page
    assert masked("52998224725") == "529…"
    assert "529…" in page


def test_a_name_is_text(browser: Client, sale: Sale) -> None:
    Contact.unscoped.filter(pk=sale.order.contact_id).update(first_name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in page_of(browser, sale)
