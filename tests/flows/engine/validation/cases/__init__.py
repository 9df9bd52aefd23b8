"""For each check, definitions that fail it, with exactly what it finds, and definitions that pass."""

from collections.abc import Iterable, Mapping

from tests.flows.engine.validation.cases import (
    buttons_and_conditions,
    calls,
    contents,
    coupons,
    logic,
    money,
    subflows,
    ways,
)
from tests.flows.engine.validation.cases.build import WITH_SANDBOX, Cases, Failing, Found, Passing
from tests.flows.engine.validation.cases.structure import CONDITIONS
from tests.flows.engine.validation.cases.structure import STRUCTURE as OF_FIELDS


def together(families: Iterable[Mapping[str, Cases]]) -> dict[str, Cases]:
    """All cases by check; more than one family may have some for a check."""
    found: dict[str, Cases] = {}
    for family in families:
        for name, cases in family.items():
            known = found.get(name, Cases((), ()))
            found[name] = Cases((*known.failing, *cases.failing), (*known.passing, *cases.passing))
    return found


CASES = together(
    [
        ways.CASES,
        buttons_and_conditions.CASES,
        contents.CASES,
        money.CASES,
        coupons.CASES,
        logic.CASES,
        subflows.CASES,
        calls.CASES,
    ]
)
STRUCTURE = (*OF_FIELDS, *calls.STRUCTURE, *coupons.STRUCTURE)

__all__ = ["CASES", "CONDITIONS", "STRUCTURE", "WITH_SANDBOX", "Cases", "Failing", "Found", "Passing"]
