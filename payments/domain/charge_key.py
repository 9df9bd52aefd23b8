"""What makes two charges of one contact the same purchase."""

import hashlib
from uuid import UUID

from payments.domain.money import Money


def charge_key(*, flow_id: UUID | None, step_id: str, button_index: int | None, amount: Money) -> str:
    """A name for (flow, step, pressed button, amount, currency); with the contact it says which open charge is meant.

    `flow_id` is None in the built-in welcome, whose buttons are told apart by their index. Hashed, so that a step id
    of any length and content fits a narrow index.
    """
    parts = (str(flow_id or "welcome"), step_id, "-" if button_index is None else str(button_index), str(amount))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
