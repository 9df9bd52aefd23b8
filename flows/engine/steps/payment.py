"""`payment`: charges, and waits for the money, a press or a timer."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions import ConditionType
from flows.engine.content import AccessContent
from flows.engine.fields import Finite, NotBlank, Part, Text, VariableName, Whole
from flows.engine.steps.model import StepBase, StepType


class Currency(StrEnum):
    BRL = "BRL"
    XTR = "XTR"


class Payer(Part):
    """The variables that hold what a gateway must know of the payer."""

    email: VariableName | None = None
    document: VariableName | None = None
    name: VariableName | None = None


class PaymentConfig(Part):
    amount: NotBlank | None = Field(default=None, description='The amount as text, "29.90"; else the button\'s price.')
    currency: Currency = Currency.BRL
    description: Text | None = None
    gateway: NotBlank | None = Field(default=None, description="A gateway account's id; else the bot's.")
    expires_minutes: Annotated[Whole, Field(ge=1, le=limits.MAX_MINUTES)] = 30
    pending_minutes: Annotated[Finite, Field(gt=0, le=limits.MAX_MINUTES)] | None = Field(
        default=None, description="Leave by `pending` when still unpaid after so many minutes."
    )
    text: NotBlank | None = None
    deliver: AccessContent | None = Field(default=None, description="Given the moment it is paid.")
    payer: Payer = Payer()


class PaymentStep(StepBase):
    """Charges the contact: `next` when paid, `pending` when still unpaid, `retry` when failed or expired."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.PAYMENT_STATUS, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "pending", "retry"})

    type: Literal[StepType.PAYMENT] = StepType.PAYMENT
    config: PaymentConfig = PaymentConfig()
