"""The sandbox's side of a payment: what a buyer does on its page, and the signed notice that follows."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import Conflict, NotFound
from bots.ids import uuid7
from bots.models import User
from bots.outbox.publish import NewMessage, publish
from flows.selectors import test_conversation
from flows.services.test_chats import skip_wait
from payments.domain.states import SETTLED, PaymentStatus
from payments.gateways.sandbox.adapter import end_to_end_id
from payments.gateways.sandbox.charge import SandboxCharge
from payments.gateways.sandbox.signature import HEADER, sign
from payments.locking import lock_sandbox_charge
from payments.models import Order, Payment
from payments.services.accounts import webhook_url
from payments.services.transactions import work_for
from payments.topics import SANDBOX_NOTIFY

NOTICE_TIMEOUT_SECONDS: Final = 5


class Act(StrEnum):
    """What can be done with a sandbox charge; the words stand in addresses."""

    PAY = "pay"
    FAIL = "fail"
    EXPIRE = "expire"
    PAY_LATE = "late"
    PAY_TWICE = "twice"


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page to pay shows."""

    token: str
    status: PaymentStatus
    amount: str
    description: str
    br_code: str
    expired: bool
    times_paid: int


def page_facts(token: str, *, locale: str) -> PageFacts:
    """Raises `NotFound`."""
    charge = _charge(token)
    return PageFacts(
        token=token,
        status=PaymentStatus(charge.status),
        amount=charge.amount.display(locale),
        description=charge.description,
        br_code=charge.br_code,
        expired=charge.expires_at <= timezone.now(),
        times_paid=charge.received_minor // charge.amount_minor,
    )


def act(token: str, what: Act, *, notify: bool = True) -> PaymentStatus:
    """Does what a buyer does, in the gateway's own books, and has its notice sent; with `notify=False` that notice is
    lost. Raises `NotFound`, and `Conflict` where it cannot be done any more. Answers the charge's new status."""
    organization_id = _charge(token).organization_id
    with work_for(organization_id):
        charge = lock_sandbox_charge(token)
        steps = _steps(charge, what)
        for number, step in enumerate(steps):
            _do(charge, step)
            charge.save()
            if notify:
                _announce(charge, number)
        return PaymentStatus(charge.status)


def act_on_payment(payment_id: UUID, what: Act, *, organization_id: UUID) -> PaymentStatus:
    """The same for a charge of ours made at the sandbox, by a test chat. Raises `NotFound`."""
    with work_for(organization_id):
        provider_id = Payment.objects.filter(pk=payment_id).values_list("provider_id", flat=True).first() or ""
        token = _token_of(provider_id)
    return act(token, what)


def skip_chat_time(flow_id: UUID, *, user: User) -> timedelta:
    """Time travel of a member's test chat, to the end of its next wait or of its open code, whichever comes first;
    answers by how much. Its `now`, its timers and its codes move together, or nothing does.

    Raises `NotFound`, and `Conflict` where nothing is due.
    """
    conversation = test_conversation(flow_id=flow_id, user=user)
    with work_for(conversation.organization_id):
        ends = _open_charges(conversation.contact_id).aggregate(first=Min("expires_at"))["first"]
        skipped = skip_wait(conversation, also_due=ends)
        skip_time(organization_id=conversation.organization_id, contact_id=conversation.contact_id, by=skipped)
    return skipped


def skip_time(*, organization_id: UUID, contact_id: UUID, by: timedelta) -> int:
    """Time travel of a test chat: its open charges end that much sooner, in our books and the sandbox's. Answers how
    many."""
    with work_for(organization_id):
        payments = list(_watched_charges(contact_id))
        now = timezone.now()
        for payment in payments:
            payment.expires_at -= by
            payment.next_poll_at = now
            payment.save(update_fields=["expires_at", "next_poll_at"])
            for charge in SandboxCharge.objects.filter(reference=payment.idempotency_key):
                charge.expires_at -= by
                charge.save(update_fields=["expires_at"])
    return len(payments)


def _watched_charges(contact_id: UUID) -> QuerySet[Payment]:
    """A test chat's charges that may still be paid."""
    orders = Order.objects.filter(contact_id=contact_id, is_test=True, paid_at__isnull=True)
    return Payment.objects.filter(order__in=orders, next_poll_at__isnull=False)


def _open_charges(contact_id: UUID) -> QuerySet[Payment]:
    """Those whose code has not ended yet."""
    return _watched_charges(contact_id).filter(status=PaymentStatus.PENDING.value, superseded=False)


def post_notice(payload: Mapping[str, Any]) -> int | None:
    """Posts a signed notice to the account's webhook address, over HTTP as any gateway would; answers the HTTP status,
    None if nobody answered. What it says is what happened when it was written, however late it leaves."""
    charge = SandboxCharge.objects.select_related("account").get(pk=UUID(payload["charge"]))
    body = json.dumps(
        {
            "event": payload["event"],
            "charge": charge.provider_id,
            "reference": charge.reference,
            "status": payload["status"],
            "amount": charge.amount_minor,
            "currency": charge.currency,
        }
    ).encode()
    signature = sign(charge.account.webhook_secret, body, at=timezone.now())
    target = urlsplit(webhook_url(charge.account))
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = kind(target.netloc, timeout=NOTICE_TIMEOUT_SECONDS)
    try:
        connection.request(
            "POST", target.path, body=body, headers={"content-type": "application/json", HEADER: signature}
        )
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _steps(charge: SandboxCharge, what: Act) -> tuple[Act, ...]:
    """Late is to expire and then to pay; twice is to pay until it was paid twice."""
    status = PaymentStatus(charge.status)
    over = charge.expires_at <= timezone.now()
    match what:
        case Act.PAY if status in SETTLED or over:
            raise Conflict("not_payable", _("This charge cannot be paid any more."))
        case Act.PAY_LATE if status in SETTLED:
            raise Conflict("not_payable", _("This charge is paid already."))
        case Act.PAY_TWICE if status not in (PaymentStatus.PENDING, PaymentStatus.PAID):
            raise Conflict("not_payable", _("This charge cannot be paid any more."))
        case Act.FAIL | Act.EXPIRE if status is not PaymentStatus.PENDING:
            raise Conflict("not_pending", _("This charge is not open any more."))
        case Act.PAY_LATE:
            return (Act.EXPIRE, Act.PAY) if status is PaymentStatus.PENDING else (Act.PAY,)
        case Act.PAY_TWICE:
            return (Act.PAY, Act.PAY) if status is PaymentStatus.PENDING else (Act.PAY,)
        case _:
            return (what,)


def _do(charge: SandboxCharge, step: Act) -> None:
    now = timezone.now()
    match step:
        case Act.FAIL:
            charge.status = PaymentStatus.FAILED.value
        case Act.EXPIRE:
            charge.status = PaymentStatus.EXPIRED.value
            charge.expires_at = min(charge.expires_at, now)
        case _:
            charge.status = PaymentStatus.PAID.value
            charge.received_minor += charge.amount_minor
            charge.paid_at = charge.paid_at or now
            charge.end_to_end_id = charge.end_to_end_id or end_to_end_id(charge.pk, now)


def _announce(charge: SandboxCharge, number: int) -> None:
    event = uuid7()
    publish(
        [
            NewMessage(
                topic=SANDBOX_NOTIFY,
                key=f"sandbox:{charge.pk}:{event}:{number}",
                organization_id=charge.organization_id,
                payload={"charge": str(charge.pk), "status": charge.status, "event": str(event)},
            )
        ]
    )


def _charge(token: str) -> SandboxCharge:
    charge = SandboxCharge.unscoped.filter(token=token).first()
    if charge is None:
        raise NotFound("charge_not_found", _("There is no such charge."))
    return charge


def _token_of(provider_id: str) -> str:
    try:
        key = UUID(hex=provider_id.removeprefix("sbx_"))
    except ValueError:
        raise NotFound("charge_not_found", _("There is no such charge.")) from None
    token = SandboxCharge.objects.filter(pk=key).values_list("token", flat=True).first()
    if token is None:
        raise NotFound("charge_not_found", _("There is no such charge."))
    return token
