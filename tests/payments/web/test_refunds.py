"""The pages of refunds, decisions and rules: what they say before, and what a press does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import Role
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import CreditEntry, MoneyMatter, MoneyRules, Refund
from payments.services import apply_notice
from tests.factories.bots import make_membership
from tests.factories.payments import Sale, charge, second_contact, wish
from tests.support.pages import World, signed_in

pytestmark = pytest.mark.django_db

REAIS = "R$\N{NO-BREAK SPACE}"


@pytest.fixture
def sale(world: World) -> Sale:
    sale = charge(second_contact(world.shop), wish(deliver={"text": "Bem-vindo!"}))
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID, fee=Money(99, Currency.BRL)), source=EventSource.WEBHOOK)
    return sale


def refund_page(sale: Sale) -> str:
    return reverse("payment_refund", args=[sale.payment.pk])


def read(browser: Client, address: str) -> str:
    return browser.get(address).content.decode()


def refunds(sale: Sale) -> list[tuple[int, str]]:
    return list(Refund.unscoped.filter(payment=sale.payment).values_list("amount_minor", "state"))


def test_the_sale_leads_to_the_refund(browser: Client, sale: Sale) -> None:
    assert refund_page(sale) in read(browser, reverse("sale_detail", args=[sale.order_id]))


def test_the_page_says_beforehand_what_it_will_do(browser: Client, world: World, sale: Sale) -> None:
    page = read(browser, refund_page(sale))
    assert f"{REAIS}29,90</span> pelo gateway, pelo mesmo meio em que foi pago." in page
    assert "Um reembolso total encerra o acesso na hora, e diz por quê." in page
    assert f'O gateway pode ficar com a taxa: <span class="money">{REAIS}0,99' in page
    assert 'value="29,90"' in page
    MoneyRules.unscoped.create(organization=world.organization, refund_grace_hours=48)
    assert "encerra o acesso 48 horas depois, e diz por quê." in read(browser, refund_page(sale))


def test_a_press_decides_the_refund(browser: Client, sale: Sale) -> None:
    response = browser.post(refund_page(sale), {"amount": "10,00", "reason": "pediu"})
    assert response["Location"] == reverse("sale_detail", args=[sale.order_id])
    assert refunds(sale) == [(1000, "asked")]
    assert "Um reembolso deste pagamento já está a caminho." in read(browser, refund_page(sale))


@pytest.mark.parametrize(
    ("amount", "said"),
    [("29,91", f"Só restam {'R$ 29,90'} deste pagamento."), ("abc", "Diga quanto deve ser devolvido.")],
)
def test_a_wrong_amount_is_said_at_its_field(browser: Client, sale: Sale, amount: str, said: str) -> None:
    response = browser.post(refund_page(sale), {"amount": amount})
    assert (response.status_code, refunds(sale)) == (422, [])
    assert said in response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_by_hand_is_said_to_be_sent_and_then_booked(browser: Client, sale: Sale) -> None:
    browser.post(refund_page(sale), {"amount": "29,90", "by_hand": "on"})
    assert refunds(sale) == [(2990, "by_hand")]
    row = Refund.unscoped.get(payment=sale.payment)
    assert "Já devolvi" in read(browser, reverse("decision_list"))
    browser.post(reverse("refund_by_hand", args=[row.pk]), {"act": "done", "note": "PIX"})
    assert (refunds(sale), sale.payment.status) == ([(2990, "done")], "refunded")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.SUPPORT, Role.VIEWER])
def test_only_who_may_give_money_back_gets_there(world: World, sale: Sale, role: Role) -> None:
    member = signed_in(make_membership(organization=world.organization, role=role).user)
    matter = MoneyMatter.unscoped.get(pk=world.matter.pk)
    answers = [
        member.post(refund_page(sale), {"amount": "1"}).status_code,
        member.post(reverse("decision_take", args=[matter.pk]), {"choice": "refund"}).status_code,
        member.post(reverse("refund_by_hand", args=[world.refund.pk])).status_code,
        member.post(reverse("credit_use"), {"person": "1", "amount": "1", "currency": "BRL"}).status_code,
        member.post(reverse("money_rules"), {}).status_code,
    ]
    assert (answers, refunds(sale)) == ([403] * 5, [])


@pytest.fixture
def matter(sale: Sale) -> MoneyMatter:
    """Paid twice, and waiting."""
    twice = Notice(PaymentStatus.PAID, received=Money(5980, Currency.BRL))
    apply_notice(sale.payment.pk, twice, source=EventSource.WEBHOOK)
    return MoneyMatter.unscoped.get(payment=sale.payment)


def test_what_waits_is_on_todays_page_and_in_its_list_until_somebody_decides(
    browser: Client, matter: MoneyMatter
) -> None:
    assert "1 pagamento espera por você" in read(browser, reverse("today"))
    take = reverse("decision_take", args=[matter.pk])
    assert take in read(browser, reverse("decision_list"))
    browser.post(take, {"choice": "credit"})
    matter.refresh_from_db()
    assert matter.state == "credited"
    page = read(browser, reverse("decision_list"))
    assert take not in page
    assert "Guardado como crédito" in page
    assert "pagamento espera por você" not in read(browser, reverse("today"))


def test_the_second_to_decide_is_told_so(browser: Client, matter: MoneyMatter) -> None:
    take = reverse("decision_take", args=[matter.pk])
    browser.post(take, {"choice": "credit"})
    said = browser.post(take, {"choice": "refund"}, follow=True).content.decode()
    assert "Alguém já decidiu isto." in said


def test_used_credit_is_taken_off(browser: Client, matter: MoneyMatter) -> None:
    browser.post(reverse("decision_take", args=[matter.pk]), {"choice": "credit"})
    person = CreditEntry.unscoped.get().telegram_user_id
    browser.post(reverse("credit_use"), {"person": person, "amount": "9,90", "currency": "BRL"})
    assert sum(CreditEntry.unscoped.values_list("amount_minor", flat=True)) == 2000
    refused = {"person": person, "amount": "20,01", "currency": "BRL"}
    said = browser.post(reverse("credit_use"), refused, follow=True).content.decode()
    assert "Não há tanto crédito." in said


def test_rules_are_chosen_and_kept(browser: Client, world: World) -> None:
    chosen = {
        "late": "ask_me",
        "double": "refund",
        "smaller": "credit",
        "larger": "deliver",
        "refund_grace_hours": "2",
        "dispute_grace_hours": "72",
    }
    assert browser.post(reverse("money_rules"), chosen).status_code == 302
    row = MoneyRules.unscoped.get(organization=world.organization)
    assert (row.late, row.double, row.smaller, row.larger) == ("ask_me", "refund", "credit", "deliver")
    assert (timedelta(hours=row.refund_grace_hours), row.dispute_grace_hours) == (timedelta(hours=2), 72)
    assert browser.post(reverse("money_rules"), {**chosen, "late": "nothing"}).status_code == 422
