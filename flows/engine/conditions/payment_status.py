"""`payment_status`: what became of the charge of the present visit of the step."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from flows.engine.conditions.base import ConditionBase, ConditionType, Occasion, Stimulus


class AwaitedStatus(StrEnum):
    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    EXPIRED = "expired"


class PaymentStatusCondition(ConditionBase):
    """Matches one outcome of the step's charge."""

    occasions: ClassVar[frozenset[Occasion]] = frozenset({Occasion.PAYMENT})

    type: Literal[ConditionType.PAYMENT_STATUS] = ConditionType.PAYMENT_STATUS
    status: AwaitedStatus = Field(default=AwaitedStatus.PAID, description="The outcome waited for.")

    def _holds(self, stimulus: Stimulus) -> bool:
        return stimulus.payment_status == self.status
