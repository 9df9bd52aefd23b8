"""The charges of a played conversation, kept as the payments app keeps its orders: adopted, renewed, told to the run
that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from flows.engine.effects import RequestPayment
from flows.engine.events import (
    ChargeReady,
    Event,
    PaymentChanged,
    PaymentChecked,
    PaymentStatus,
)

_CODE: Final = "PIX-{number}"
# Ids of our own, told apart from a run's by their high part.
_PAYMENT: Final = 0xC << 64
_ORDER: Final = 0xD << 64


@dataclass(slots=True)
class Charge:
    """One order and its present code. `ready`: there is a code; `codes` counts those made for it."""

    number: int
    run_id: UUID
    visit: int
    key: tuple[UUID, str, int | None, int, str]
    amount_minor: int
    currency: str
    lasts: timedelta
    expires_at: datetime
    deliver: Mapping[str, object] | None
    status: PaymentStatus = PaymentStatus.PENDING
    ready: bool = False
    asked: bool = True
    served: bool = False
    codes: int = 1

    @property
    def payment_id(self) -> UUID:
        return UUID(int=_PAYMENT | self.number << 16 | self.codes)

    @property
    def order_id(self) -> UUID:
        return UUID(int=_ORDER | self.number)

    @property
    def br_code(self) -> str:
        code = _CODE.format(number=self.number)
        return code if self.codes == 1 else f"{code}-{self.codes}"

    @property
    def is_open(self) -> bool:
        return self.status is PaymentStatus.PENDING

    @property
    def told_ready(self) -> ChargeReady:
        return ChargeReady(
            self.visit, self.payment_id, self.br_code, self.amount_minor, self.currency, expires_at=self.expires_at
        )

    def told_checked(self) -> PaymentChecked:
        return PaymentChecked(self.visit, self.payment_id, self.status, checked=True)

    def told_changed(self, now: datetime) -> PaymentChanged:
        return PaymentChanged(
            self.visit, self.payment_id, self.order_id, self.status, self.amount_minor, self.currency, now
        )


@dataclass(slots=True)
class Books:
    """Every charge of the conversation, in the order asked for."""

    charges: list[Charge] = field(default_factory=list)

    def request(self, run_id: UUID, version_id: UUID, effect: RequestPayment, now: datetime) -> Charge:
        """Finds or makes the charge of a wish: the open one of the same key, which this visit takes over; a paid one
        that was never served; a new one."""
        key = (version_id, effect.step_id, effect.button_index, effect.amount_minor, effect.currency)
        same = [charge for charge in reversed(self.charges) if charge.key == key]
        found = next((one for one in same if one.is_open), None) or next(
            (one for one in same if one.status is PaymentStatus.PAID and not one.served), None
        )
        if found is not None:
            found.run_id, found.visit, found.asked = run_id, effect.visit, True
            return found
        lasts = timedelta(minutes=effect.expires_minutes)
        charge = Charge(
            number=len(self.charges) + 1,
            run_id=run_id,
            visit=effect.visit,
            key=key,
            amount_minor=effect.amount_minor,
            currency=effect.currency,
            lasts=lasts,
            expires_at=now + lasts,
            deliver=effect.deliver,
        )
        self.charges.append(charge)
        return charge

    def held_by(self, run_id: UUID, visit: int) -> Charge | None:
        """The charge that this visit of this run holds."""
        return next((one for one in reversed(self.charges) if (one.run_id, one.visit) == (run_id, visit)), None)

    def renew(self, charge: Charge, now: datetime) -> None:
        """A fresh code for an order whose old one is no good any more."""
        charge.codes += 1
        charge.status, charge.ready, charge.asked = PaymentStatus.PENDING, False, True
        charge.expires_at = now + charge.lasts

    def serve(self, order_id: UUID) -> None:
        for charge in self.charges:
            charge.served = charge.served or charge.order_id == order_id

    def next_expiry(self) -> Charge | None:
        """The open code that ends first."""
        return min((one for one in self.charges if one.is_open and one.ready), key=_expiry, default=None)


def _expiry(charge: Charge) -> datetime:
    return charge.expires_at


def answer_to(charge: Charge, now: datetime) -> Event:
    """What its run is told when it asked for a charge that is there: the code, or at once that it is paid."""
    charge.asked = False
    if charge.status is PaymentStatus.PAID:
        return charge.told_changed(now)
    charge.ready = True
    return charge.told_ready
