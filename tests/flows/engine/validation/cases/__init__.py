"""For each check, definitions that fail it, with exactly what it finds, and definitions that pass."""

from tests.flows.engine.validation.cases import buttons_and_conditions, contents, money, ways
from tests.flows.engine.validation.cases.build import WITH_SANDBOX, Cases, Failing, Found, Passing
from tests.flows.engine.validation.cases.structure import CONDITIONS, STRUCTURE

CASES: dict[str, Cases] = {**ways.CASES, **buttons_and_conditions.CASES, **contents.CASES, **money.CASES}

__all__ = ["CASES", "CONDITIONS", "STRUCTURE", "WITH_SANDBOX", "Cases", "Failing", "Found", "Passing"]
