"""Coupons of a payment step: where a code comes from, what it takes off, what is said of one that does not count."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.coupons import Coupon, code_key, discount_of, percent_in_hundredths
from flows.engine.effects import (
    AttentionReason,
    CouponUse,
    Item,
    RaiseAttention,
    RenewPayment,
    RequestPayment,
    TimelineKind,
)
from flows.engine.events import CouponRefused, PaymentStatus
from tests.support.conversation import SECOND_ORDER, SECOND_PAYMENT, Talk
from tests.support.flows import Document, a_payment, a_question, a_set, an_access, buttons

ELSEWHERE = (a_question("unpaid", "Ainda quer?"), an_access("vip", "Seu acesso"))
TEN = {"code": "DEZ", "percent": 10}
FIVE_REAIS = {"code": "Cinco", "amount_off": "5.00", "limit": 3}
ENDED = {"code": "VELHO", "percent": 50, "until": "2026-03-01"}
LAST_DAY = {"code": "HOJE", "percent": 50, "until": "2026-03-02"}
NOT_FOUND = "Não encontramos este cupom. O preço continua o mesmo."
EXPIRED = "Este cupom já passou da validade. O preço é o normal."
USED_UP = "Este cupom já se esgotou. O preço é o normal."
DOES_NOT_FIT = "Este cupom não vale para este valor. O preço continua o mesmo."


def paying(*coupons: Document, amount: str | None = "29.90", held: str | None = None, **config: Any) -> Talk:
    """A run that comes to a payment with these coupons, with a code in its hand or without one."""
    listed = list(coupons) or [TEN, FIVE_REAIS, ENDED, LAST_DAY]
    pay = a_payment("pay", amount, next="vip", pending="unpaid", config={"coupons": listed, **config})
    if held is None:
        return Talk(pay, *ELSEWHERE).begin()
    hold = a_set("hold", next="pay", assign=[{"name": "coupon", "value": held}])
    return Talk(hold, pay, *ELSEWHERE).begin()


def asked(talk: Talk) -> RequestPayment:
    (request,) = talk.of(RequestPayment)
    return request


def test_a_code_that_the_run_holds_lowers_the_price_at_entry() -> None:
    talk = paying(held=" dez ")
    request = asked(talk)
    assert request.amount_minor == 2691
    assert request.coupon == CouponUse("DEZ", 299)
    assert request.items == (Item("Produto", 2990),)
    assert (talk.state.visits[1].coupon, talk.state.visits[1].discount_minor) == ("DEZ", 299)
    assert talk.said == []
    assert [one.data for one in talk.recorded(TimelineKind.COUPON_USED)] == [
        {"visit": 1, "coupon": "DEZ", "discount_minor": 299}
    ]
    assert talk.charge_ready().said[0] == "🎟️ Cupom DEZ aplicado: R$ 2,99 de desconto."


def test_the_coupon_is_told_with_the_first_code_only() -> None:
    talk = paying(held="DEZ").charge_ready()
    assert len(talk.said) == 3
    assert len(talk.charge_ready(payment=SECOND_PAYMENT).said) == 2


def test_without_a_code_the_full_price_is_asked_for_and_nothing_is_said() -> None:
    talk = paying()
    assert asked(talk).amount_minor == 2990
    assert asked(talk).coupon is None
    assert talk.said == []


@pytest.mark.parametrize("written", ["CINCO", "cinco", "  Cinco ", "\N{FULLWIDTH LATIN CAPITAL LETTER C}inco"])
def test_codes_are_compared_trimmed_and_in_one_case(written: str) -> None:
    assert asked(paying(held=written)).coupon == CouponUse("Cinco", 500, 3)


def test_a_code_that_is_typed_makes_the_charge_anew_and_costs_nothing_else() -> None:
    talk = paying().charge_ready()
    talk.write("dez")
    assert asked(talk).amount_minor == 2691
    assert asked(talk).visit == 2
    assert talk.of(RaiseAttention) == []
    assert talk.at == "pay"
    assert talk.state.attempts == {}
    assert talk.state.variables["coupon"] == "DEZ"


def test_whoever_pays_the_charge_of_before_the_coupon_is_served_too() -> None:
    talk = paying().charge_ready().write("dez").charge_ready(2, payment=SECOND_PAYMENT)
    talk.paid()
    assert talk.said == ["Seu acesso"]
    talk.paid(2, payment=SECOND_PAYMENT, order=SECOND_ORDER)
    assert talk.state.visits[2].taken_paid


def test_the_same_code_typed_again_is_a_text_like_any_other() -> None:
    talk = paying().write("dez").charge_ready(2)
    talk.write("DEZ")
    assert talk.of(RequestPayment) == []
    assert talk.of(RaiseAttention) == [RaiseAttention(AttentionReason.TEXT_WHILE_WAITING)]


def test_a_text_that_names_no_coupon_is_for_the_team() -> None:
    talk = paying().charge_ready().write("tem desconto?")
    assert talk.of(RequestPayment) == []
    assert talk.of(RaiseAttention) == [RaiseAttention(AttentionReason.TEXT_WHILE_WAITING)]


def test_another_code_takes_the_place_of_the_first() -> None:
    talk = paying().write("dez").write("cinco")
    assert asked(talk).coupon == CouponUse("Cinco", 500, 3)
    assert asked(talk).amount_minor == 2490


def test_a_wrong_code_is_said_once_and_the_full_price_stays() -> None:
    talk = paying(held="NADA")
    assert talk.said == [NOT_FOUND]
    assert asked(talk).amount_minor == 2990
    refused = talk.recorded(TimelineKind.COUPON_REFUSED)
    # What a person wrote is in no timeline.
    assert [one.data for one in refused] == [{"code": "unknown"}]
    talk.charge_ready().payment(PaymentStatus.EXPIRED)
    talk.write("cinco").charge_ready(2)
    assert NOT_FOUND not in talk.said


def test_a_step_without_coupons_says_nothing_of_a_code() -> None:
    talk = Talk(
        a_set("hold", next="pay", assign=[{"name": "coupon", "value": "DEZ"}]),
        a_payment("pay", "29.90", next="vip", pending="unpaid"),
        *ELSEWHERE,
    ).begin()
    assert talk.said == []
    assert asked(talk).amount_minor == 2990


def test_a_code_that_was_used_is_not_wrong_at_the_next_payment() -> None:
    talk = Talk(
        a_set("hold", next="first", assign=[{"name": "coupon", "value": "DEZ"}]),
        a_payment("first", "29.90", next="second", pending="unpaid", config={"coupons": [TEN]}),
        a_payment("second", "9.90", next="vip", pending="unpaid", config={"coupons": [FIVE_REAIS]}),
        *ELSEWHERE,
    ).begin()
    talk.charge_ready().paid()
    assert talk.at == "second"
    assert talk.said == []
    assert asked(talk).amount_minor == 990


@pytest.mark.parametrize(
    ("held", "amount"),
    [("HOJE", 1495), ("VELHO", 2990)],
)
def test_the_last_day_counts_and_the_next_does_not(held: str, amount: int) -> None:
    talk = paying(held=held)
    assert asked(talk).amount_minor == amount
    assert talk.said == ([] if amount < 2990 else [EXPIRED])


def test_a_day_ends_by_the_organizations_clock() -> None:
    pay = a_payment("pay", next="vip", pending="unpaid", config={"coupons": [LAST_DAY]})
    talk = Talk(a_set("hold", next="pay", assign=[{"name": "coupon", "value": "HOJE"}]), pay, *ELSEWHERE)
    # Half past two in the morning at Greenwich is still the evening before in São Paulo.
    talk.now = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)
    assert asked(talk.begin()).amount_minor == 1495


def test_an_expired_code_that_is_typed_is_said_once() -> None:
    talk = paying().charge_ready()
    assert talk.write("velho").said == [EXPIRED]
    assert talk.of(RequestPayment) == []
    assert EXPIRED not in talk.later(minutes=2).write("velho").said


def test_a_code_that_is_used_up_is_said_and_the_full_price_is_asked_for() -> None:
    talk = paying(held="cinco").send(CouponRefused(1, "Cinco", "used_up"))
    assert talk.said == [USED_UP]
    assert asked(talk).amount_minor == 2990
    assert asked(talk).coupon is None
    assert [one.data for one in talk.recorded(TimelineKind.COUPON_REFUSED)] == [
        {"visit": 1, "code": "used_up", "coupon": "Cinco"}
    ]


def test_a_code_that_is_used_up_is_asked_for_again_when_it_is_typed_again() -> None:
    talk = paying(held="cinco").send(CouponRefused(1, "Cinco", "used_up")).charge_ready(2)
    talk.write("cinco")
    assert asked(talk).coupon == CouponUse("Cinco", 500, 3)
    talk.send(CouponRefused(3, "Cinco", "used_up"))
    assert talk.said == [USED_UP]


def test_a_refusal_that_comes_when_the_run_is_elsewhere_changes_nothing() -> None:
    talk = paying(held="cinco")
    talk.checked(PaymentStatus.PENDING)
    assert talk.at == "unpaid"
    talk.send(CouponRefused(1, "Cinco", "used_up"))
    assert talk.at == "unpaid"
    assert talk.said == []


def test_what_leaves_no_gateway_to_charge_it_is_said_as_that() -> None:
    talk = paying(held="DEZ").send(CouponRefused(1, "DEZ", "does_not_fit"))
    assert talk.said == [DOES_NOT_FIT]
    assert asked(talk).amount_minor == 2990


def test_the_extra_is_never_lowered() -> None:
    talk = Talk(
        buttons(
            "b",
            {"text": "VIP", "price": "100.00", "target_step": "pay", "bump": {"text": "E o e-book?", "price": "50.00"}},
        ),
        a_payment("pay", None, next="vip", pending="unpaid", config={"coupons": [{"code": "META", "percent": "50"}]}),
        *ELSEWHERE,
    ).begin()
    talk.press(0)
    talk.press(1002)
    talk.write("meta")
    assert asked(talk).items == (Item("VIP", 100_00), Item("E o e-book?", 50_00))
    assert asked(talk).amount_minor == 100_00
    assert asked(talk).coupon == CouponUse("META", 50_00)


def test_an_amount_off_that_leaves_nothing_falls_to_the_full_price() -> None:
    talk = paying({"code": "TUDO", "amount_off": "29.90"}, held="TUDO")
    assert talk.said == [DOES_NOT_FIT]
    assert asked(talk).amount_minor == 2990
    assert talk.problems == ["coupon_does_not_fit"]


def test_stars_stay_whole_and_what_is_charged_is_rounded_up() -> None:
    talk = paying({"code": "MEIO", "percent": 50}, amount="25", currency="XTR", held="MEIO")
    assert asked(talk).amount_minor == 13
    assert talk.send(CouponRefused(1, "MEIO", "used_up")).said == [USED_UP]


def test_half_of_one_star_takes_nothing_off() -> None:
    talk = paying({"code": "MEIO", "percent": 50}, amount="1", currency="XTR", held="MEIO")
    assert asked(talk).amount_minor == 1
    assert talk.said == [DOES_NOT_FIT]


def test_a_new_code_keeps_the_price_while_the_coupon_counts() -> None:
    talk = paying(LAST_DAY, held="HOJE").charge_ready().payment(PaymentStatus.EXPIRED)
    talk.asks_new_code()
    assert len(talk.of(RenewPayment)) == 1
    assert talk.of(RequestPayment) == []


def test_a_new_code_after_the_last_day_is_made_at_the_full_price() -> None:
    talk = paying(LAST_DAY, held="HOJE").charge_ready().payment(PaymentStatus.EXPIRED)
    talk.later(days=1).asks_new_code()
    assert talk.of(RenewPayment) == []
    assert asked(talk).amount_minor == 2990
    assert talk.said == [EXPIRED]


def test_nobody_makes_charges_without_end_by_typing_codes() -> None:
    talk = paying()
    for _ in range(60):
        talk.write("dez").write("cinco")
    assert len(talk.state.visits) == 50


@pytest.mark.parametrize(
    ("written", "hundredths"),
    [(1, 100), (99, 9900), ("10", 1000), ("12.5", 1250), ("12,25", 1225), (" 5 ", 500), ("99.00", 9900)],
)
def test_percentages_are_exact(written: str | int, hundredths: int) -> None:
    assert percent_in_hundredths(written) == hundredths


@pytest.mark.parametrize("written", [0, 100, -5, "0.99", "99.01", "12.345", "1e1", "dez", "", "10%"])
def test_what_is_no_percentage_is_none(written: str | int) -> None:
    assert percent_in_hundredths(written) is None


def test_a_discount_is_of_one_kind() -> None:
    assert discount_of(Coupon(code="A"), 1000, None) is None
    assert discount_of(Coupon(code="A", percent=10, amount_off="1.00"), 1000, 100) is None


def test_the_day_after_is_too_late() -> None:
    coupon = Coupon(code="A", percent=10, until="2026-03-02")
    assert not coupon.has_ended(date(2026, 3, 2))
    assert coupon.has_ended(date(2026, 3, 3))


def test_one_code_has_one_key() -> None:
    assert code_key(" Straße ") == code_key("STRASSE")
    assert code_key("  ") == ""


_percent = st.integers(100, 9900).map(lambda hundredths: f"{hundredths // 100}.{hundredths % 100:02d}")
_coupon = st.one_of(
    st.builds(lambda percent: {"percent": percent}, _percent),
    st.builds(lambda minor: {"amount_off": f"{minor // 100}.{minor % 100:02d}"}, st.integers(1, 99_999_999)),
)


@given(price=st.integers(1, 99_999_999), coupon=_coupon)
def test_what_is_charged_is_more_than_nothing_and_never_more_than_the_price(price: int, coupon: dict[str, str]) -> None:
    talk = paying({"code": "X", **coupon}, amount=f"{price // 100}.{price % 100:02d}", held="x")
    request = asked(talk)
    discount = request.coupon.discount_minor if request.coupon else 0
    assert 0 < request.amount_minor <= price
    assert request.amount_minor + discount == price
    if "percent" in coupon:
        # Rounded up: never less than the exact share, and less than a whole unit above it.
        hundredths = percent_in_hundredths(coupon["percent"])
        assert hundredths is not None
        exact = price * (10_000 - hundredths)
        assert exact <= request.amount_minor * 10_000 < exact + 10_000
