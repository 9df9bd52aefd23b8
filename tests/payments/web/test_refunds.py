"""The pages of refunds, decisions and rules: what they say before, and what a press does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from bots.errors import Invalid
from bots.models import Role
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import CreditEntry, MoneyMatter, MoneyRules, Refund
from payments.services import apply_notice
from payments.services.refunds import amount_from, confirm_by_hand
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


@pytest.mark.parametrize("written", ["10,50", "10.50", " R$ 10,50 ", "10,5"])
def test_an_amount_is_read_as_people_write_it(browser: Client, sale: Sale, written: str) -> None:
    browser.post(refund_page(sale), {"amount": written})
    assert refunds(sale) == [(1050, "asked")]


def test_thousands_are_read_with_their_points_and_nothing_is_guessed() -> None:
    assert amount_from("1.234,50", Currency.BRL) == Money(123450, Currency.BRL)
    assert amount_from("R$ 1,234,567.00", Currency.BRL) == Money(123456700, Currency.BRL)
    for unclear in ("1.234", "1,234", "1.23,40", "12,34,50", "-1", "1,2.3"):
        with pytest.raises(Invalid):
            amount_from(unclear, Currency.BRL)


def test_a_form_sent_twice_gives_back_once(browser: Client, world: World, sale: Sale) -> None:
    form = {"amount": "10,00", "left": "29.90", "by_hand": "on", "reason": "pediu"}
    assert f'name="left" value="{form["left"]}"' in read(browser, refund_page(sale))
    browser.post(refund_page(sale), form)
    first = Refund.unscoped.get(payment=sale.payment)
    confirm_by_hand(first.pk, organization_id=world.organization.pk, actor=world.owner, note="")
    again = browser.post(refund_page(sale), form)
    assert (again.status_code, refunds(sale)) == (422, [(1000, "done")])
    said = again.content.decode()
    assert "já foi devolvida" in said
    assert 'value="pediu"' in said
    # Without what was seen, nothing tells the second press from another refund.
    browser.post(refund_page(sale), {**form, "left": ""})
    assert sorted(refunds(sale)) == [(1000, "by_hand"), (1000, "done")]


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


def test_credit_taken_off_twice_by_one_form_is_taken_once(browser: Client, matter: MoneyMatter) -> None:
    browser.post(reverse("decision_take", args=[matter.pk]), {"choice": "credit"})
    person = CreditEntry.unscoped.get().telegram_user_id
    form = {"person": person, "amount": "9,90", "currency": "BRL", "owed": "29.90"}
    browser.post(reverse("credit_use"), form)
    said = browser.post(reverse("credit_use"), form, follow=True).content.decode()
    assert sum(CreditEntry.unscoped.values_list("amount_minor", flat=True)) == 2000
    assert "Este crédito mudou enquanto isso." in said


def test_the_pages_under_sales_lead_to_each_other_and_say_what_waits(browser: Client, matter: MoneyMatter) -> None:
    page = read(browser, reverse("sale_list"))
    assert f'href="{reverse("decision_list")}"' in page
    assert "1 espera por você" in page
    here = f'href="{reverse("decision_list")}" aria-current="page"'
    assert here in read(browser, reverse("decision_list"))
    assert here not in page


def test_rules_are_a_tab_of_the_settings_for_who_may_change_them(browser: Client, world: World) -> None:
    assert f'href="{reverse("money_rules")}" aria-current="page"' in read(browser, reverse("money_rules"))
    assert f'href="{reverse("account_list")}" aria-current="page"' not in read(browser, reverse("money_rules"))
    assert reverse("money_rules") not in read(signed_in(world.viewer), reverse("member_list"))


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
