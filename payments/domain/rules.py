"""What the seller wants done with money that is not as expected: a rule for each case, with safe defaults."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from payments.domain.money import Money


class MoneyCase(StrEnum):
    """How money can be not as expected: after the code's end, for an order (or charge) that was paid before, less than
    asked for, more than asked for."""

    LATE = "late"
    DOUBLE = "double"
    SMALLER = "smaller"
    LARGER = "larger"


class MoneyPolicy(StrEnum):
    """What is done with it. `deliver` serves and keeps it; a second payment has nothing more to serve and is kept."""

    DELIVER = "deliver"
    CREDIT = "credit"
    REFUND = "refund"
    ASK_ME = "ask_me"


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy for each case."""

    late: MoneyPolicy = MoneyPolicy.DELIVER
    double: MoneyPolicy = MoneyPolicy.ASK_ME
    smaller: MoneyPolicy = MoneyPolicy.ASK_ME
    larger: MoneyPolicy = MoneyPolicy.DELIVER

    def policy_for(self, case: MoneyCase) -> MoneyPolicy:
        match case:
            case MoneyCase.LATE:
                return self.late
            case MoneyCase.DOUBLE:
                return self.double
            case MoneyCase.SMALLER:
                return self.smaller
            case MoneyCase.LARGER:
                return self.larger
            case _:
                assert_never(case)


@dataclass(frozen=True, slots=True)
class Matter:
    """One case, the money it is about, and what the rules say. About late and smaller money the question is whether it
    is served at all; about double and larger money only what becomes of the surplus."""

    case: MoneyCase
    amount: Money
    policy: MoneyPolicy

    @property
    def withholds(self) -> bool:
        """Whether the order is not paid by this money, unless somebody decides so."""
        return self.case in (MoneyCase.LATE, MoneyCase.SMALLER) and self.policy is not MoneyPolicy.DELIVER
