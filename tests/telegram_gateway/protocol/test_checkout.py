"""Telegram's own payments, read from the bytes as they come."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from telegram_gateway.protocol.checkout import Checkout, read_checkout, render_checkout_answer, render_invoice_link

BUYER = {"id": 42, "is_bot": False, "first_name": "Ana", "language_code": "pt-br"}
PAID = {
    "currency": "XTR",
    "total_amount": 50,
    "invoice_payload": "0197:1",
    "telegram_payment_charge_id": "stx1",
    "provider_payment_charge_id": "",
}
QUESTION = {"id": "7", "from": BUYER, "currency": "XTR", "total_amount": 50, "invoice_payload": "0197:1"}


def of(**content: Any) -> bytes:
    return json.dumps({"update_id": 1, **content}).encode()


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_700_000_000, "chat": {"id": 42, "type": "private"}, **content}


def test_a_question_before_paying() -> None:
    assert read_checkout(of(pre_checkout_query=QUESTION)) == Checkout(42, "0197:1", "XTR", 50, "pt-br", query_id="7")


@pytest.mark.parametrize("kind", ["successful_payment", "refunded_payment"])
def test_money_that_moved(kind: str) -> None:
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    expected = Checkout(42, "0197:1", "XTR", 50, charge_id="stx1", at=at)
    assert read_checkout(of(message=message(**{kind: PAID}))) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        of(message=message(text="oi")),
        of(pre_checkout_query={}),
        of(pre_checkout_query=QUESTION | {"id": ""}),
        of(pre_checkout_query=QUESTION | {"from": "Ana"}),
        of(pre_checkout_query=QUESTION | {"total_amount": "50"}),
        of(pre_checkout_query=QUESTION | {"total_amount": True}),
        of(pre_checkout_query=QUESTION | {"total_amount": -1}),
        of(pre_checkout_query=QUESTION | {"total_amount": 10**30}),
        of(message=message(successful_payment=None)),
        of(message=message(successful_payment=PAID | {"telegram_payment_charge_id": ""})),
        of(message=message(successful_payment=PAID) | {"chat": {"id": -100, "type": "group"}}),
    ],
)
def test_what_lacks_what_makes_it_a_payment_is_none(body: bytes) -> None:
    assert read_checkout(body) is None


def test_what_postgresql_refuses_is_left_out() -> None:
    found = read_checkout(of(pre_checkout_query=QUESTION | {"invoice_payload": "a\x00b"}))
    assert found is not None
    assert found.payload == "ab"


def test_the_answer_says_why_not_only_where_it_says_no() -> None:
    assert render_checkout_answer("7", "").parameters == {"pre_checkout_query_id": "7", "ok": True}
    no = render_checkout_answer("7", "Já pago").parameters
    assert no == {"pre_checkout_query_id": "7", "ok": False, "error_message": "Já pago"}


def test_an_invoice_in_stars_has_one_price_and_no_provider() -> None:
    call = render_invoice_link(title="VIP", description="Um mês", payload="0197:1", stars=50)
    assert call.method == "createInvoiceLink"
    assert call.parameters["prices"] == [{"label": "VIP", "amount": 50}]
    assert (call.parameters["provider_token"], call.parameters["currency"]) == ("", "XTR")
