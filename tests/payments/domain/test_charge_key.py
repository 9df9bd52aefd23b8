"""Which charges count as the same purchase."""

from uuid import UUID

import pytest

from payments.domain.charge_key import charge_key
from payments.domain.money import Currency, Money

FLOW = UUID("018f0000-0000-7000-8000-000000000001")
PRICE = Money(2990, Currency.BRL)


def test_the_same_parts_make_the_same_key() -> None:
    one = charge_key(flow_id=FLOW, step_id="pay", button_index=0, amount=PRICE)
    assert one == charge_key(flow_id=FLOW, step_id="pay", button_index=0, amount=Money(2990, Currency.BRL))
    assert len(one) == 40


@pytest.mark.parametrize(
    ("flow", "step", "button", "amount"),
    [
        (None, "pay", 0, PRICE),
        (FLOW, "pay2", 0, PRICE),
        (FLOW, "pay", 1, PRICE),
        (FLOW, "pay", None, PRICE),
        (FLOW, "pay", 0, Money(2991, Currency.BRL)),
        (FLOW, "pay", 0, Money(2990, Currency.XTR)),
    ],
)
def test_any_other_part_makes_another(flow: UUID | None, step: str, button: int | None, amount: Money) -> None:
    assert charge_key(flow_id=flow, step_id=step, button_index=button, amount=amount) != charge_key(
        flow_id=FLOW, step_id="pay", button_index=0, amount=PRICE
    )
