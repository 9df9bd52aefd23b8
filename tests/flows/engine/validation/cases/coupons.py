"""Coupons of a payment."""

from dataclasses import replace
from datetime import date
from typing import Any

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import (
    WITH_SANDBOX,
    Cases,
    Failing,
    Passing,
    cases,
    charged,
    fails,
)
from tests.support.flows import Document

ON_THE_DAY = replace(WITH_SANDBOX, today=date(2026, 12, 31))
THE_DAY_AFTER = replace(WITH_SANDBOX, today=date(2027, 1, 1))
TEN = {"code": "DEZ", "percent": 10}


def selling(*coupons: Any, amount: str | None = "29.90", **config: Any) -> Document:
    return charged(amount=amount, config={"coupons": list(coupons), **config})


CASES: dict[str, Cases] = {
    "coupons": cases(
        [
            fails(selling({"code": "A"}), (Code.COUPON_DISCOUNT, "pay", "config.coupons.0")),
            fails(
                selling(TEN, {"code": "A", "percent": 10, "amount_off": "1.00"}),
                (Code.COUPON_DISCOUNT, "pay", "config.coupons.1"),
            ),
            # Fullwidth letters, another case and spaces make no other code.
            fails(
                selling(TEN, {"code": " \N{FULLWIDTH LATIN SMALL LETTER D}ez", "percent": 5}),
                (Code.DUPLICATE_COUPON, "pay", "config.coupons.1.code"),
            ),
            fails(
                selling({"code": "TUDO", "amount_off": "29.90"}),
                (Code.COUPON_DOES_NOT_FIT, "pay", "config.coupons.0.amount_off"),
            ),
            fails(
                selling({"code": "MEIO", "percent": 50}, amount="1", currency="XTR"),
                (Code.COUPON_DOES_NOT_FIT, "pay", "config.coupons.0.percent"),
            ),
            fails(
                selling({**TEN, "until": "2026-12-31"}),
                (Code.COUPON_EXPIRED, "pay", "config.coupons.0.until"),
                catalogue=THE_DAY_AFTER,
            ),
        ],
        [
            selling(),
            selling(TEN, {"code": "CINCO", "amount_off": "5,00", "limit": 100}),
            selling({"code": "QUASE", "amount_off": "29.89"}),
            # Of an amount that nobody knows yet nothing is said.
            selling({"code": "TUDO", "amount_off": "100.00"}, amount="{{payment.amount}}"),
            selling({"code": "TUDO", "amount_off": "100.00"}, amount=None),
            selling({"code": "A", "amount_off": "{{payment.amount}}"}),
            # What is no amount is said once, by the check of amounts.
            selling({"code": "A", "amount_off": "abc"}),
            Passing(selling({**TEN, "until": "2026-12-31"}), ON_THE_DAY),
            # What day it is nobody said.
            selling({**TEN, "until": "2020-01-01"}),
        ],
    ),
    # Money like any other.
    "amounts": cases(
        [
            *(
                fails(selling({"code": "A", "amount_off": off}), (code, "pay", "config.coupons.0.amount_off"))
                for off, code in [
                    ("abc", Code.BAD_AMOUNT),
                    ("0", Code.AMOUNT_NOT_POSITIVE),
                    ("1.999", Code.AMOUNT_DECIMALS),
                    ("{{last_input}}", Code.PRICE_FROM_CONTACT),
                ]
            ),
            fails(
                selling({"code": "A", "amount_off": "0.50"}, amount="100", currency="XTR"),
                (Code.STARS_NOT_WHOLE, "pay", "config.coupons.0.amount_off"),
            ),
        ],
        [selling({"code": "A", "amount_off": "0,50"})],
    ),
}

STRUCTURE = [
    Failing(selling(coupon), ((code, "pay", f"config.coupons.0{field}"),))
    for coupon, code, field in [
        ("DEZ", Code.WRONG_TYPE, ""),
        ({"percent": 10}, Code.REQUIRED, ".code"),
        ({**TEN, "code": "  "}, Code.BLANK, ".code"),
        ({**TEN, "code": "x" * 65}, Code.TOO_LONG, ".code"),
        ({**TEN, "percent": 0}, Code.BAD_PERCENT, ".percent"),
        ({**TEN, "percent": 100}, Code.BAD_PERCENT, ".percent"),
        ({**TEN, "percent": 12.5}, Code.BAD_PERCENT, ".percent"),
        ({**TEN, "percent": "12.345"}, Code.BAD_PERCENT, ".percent"),
        ({**TEN, "percent": True}, Code.BAD_PERCENT, ".percent"),
        ({"code": "A", "amount_off": 5}, Code.WRONG_TYPE, ".amount_off"),
        ({**TEN, "until": "31/12/2026"}, Code.BAD_DATE, ".until"),
        ({**TEN, "until": "2026-02-30"}, Code.BAD_DATE, ".until"),
        ({**TEN, "limit": 0}, Code.OUT_OF_RANGE, ".limit"),
        ({**TEN, "limit": 2.5}, Code.WRONG_TYPE, ".limit"),
        ({**TEN, "uses": 1}, Code.UNKNOWN_FIELD, ".uses"),
    ]
] + [Failing(selling(*[{**TEN, "code": f"C{n}"} for n in range(101)]), ((Code.TOO_LONG, "pay", "config.coupons"),))]
