"""Writes lines of a payment's ledger; the caller holds the payment's lock."""

from collections.abc import Mapping

from bots.storable import clean_json, clean_text
from payments.domain.events import EventKind, EventSource
from payments.domain.states import Alarm, PaymentStatus
from payments.models import Payment, PaymentEvent
from payments.services.notices import tell_alarm


def write_event(
    payment: Payment,
    *,
    key: str,
    kind: EventKind,
    source: EventSource,
    from_status: PaymentStatus | None = None,
    amount_minor: int = 0,
    late: bool = False,
    overpaid: bool = False,
    alarm: Alarm | None = None,
    note: str = "",
    raw: Mapping[str, object] | None = None,
) -> None:
    """One line, from `from_status` (default: no move) to the payment's present status. The same key is written once."""
    event = PaymentEvent(
        organization_id=payment.organization_id,
        payment_id=payment.pk,
        key=key,
        kind=kind.value,
        source=source.value,
        from_status=(from_status or payment.state).value,
        to_status=payment.status,
        late=late,
        overpaid=overpaid,
        alarm=alarm.value if alarm else "",
        amount_minor=amount_minor,
        currency=payment.currency,
        note=clean_text(note)[:300],
        raw=clean_json(dict(raw or {})),
    )
    PaymentEvent.objects.bulk_create([event], ignore_conflicts=True)
    if alarm is not None:
        tell_alarm(payment, alarm, key=key)
