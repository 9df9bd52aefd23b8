"""The sandbox behind the interface of every gateway; its network is its own table."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from bots.ids import uuid7
from payments.domain.brcode import dynamic_code
from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money, MoneyError
from payments.domain.states import PaymentStatus
from payments.gateways.base import (
    AccountAccess,
    Charge,
    ChargeNotFound,
    GatewayError,
    Hint,
    NewCharge,
    Traits,
    UnreadableWebhook,
    Verification,
    WebhookCall,
)
from payments.gateways.sandbox.charge import SandboxCharge, new_token
from payments.gateways.sandbox.signature import HEADER, is_genuine

# What an account's credential `fault` makes the sandbox do, to try how a seller's bot behaves then.
FAULT: Final = "fault"
FAULT_DOWN: Final = "down"
FAULT_REFUSES: Final = "refuses"
FAULT_LOSES_ANSWER: Final = "loses_answer"
_URL_ROOM = 77


class SandboxGateway:
    """Makes charges nobody's money pays. Keyed creation, no limits, signed notices."""

    name: GatewayName = GatewayName.SANDBOX
    traits: Traits = Traits(currencies=frozenset(Currency), lists_received=True)

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        fault = account.credentials.get(FAULT, "")
        if fault == FAULT_DOWN:
            raise GatewayError("unreachable", "The sandbox is switched off.", retryable=True)
        if fault == FAULT_REFUSES:
            raise GatewayError("refused", "The sandbox is told to refuse.")
        row = self._find_or_make(account, charge)
        if fault == FAULT_LOSES_ANSWER:
            raise GatewayError("timeout", "The answer was lost.", retryable=True, unknown_outcome=True)
        return as_charge(row)

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        if account.credentials.get(FAULT) == FAULT_DOWN:
            raise GatewayError("unreachable", "The sandbox is switched off.", retryable=True)
        mine = SandboxCharge.unscoped.filter(account_id=account.account_id)
        wanted = mine.filter(pk=_row_id(provider_id)) if provider_id else mine.filter(reference=key)
        row = wanted.first()
        if row is None:
            raise ChargeNotFound
        return as_charge(row)

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        with transaction.atomic():
            row = (
                SandboxCharge.unscoped.select_for_update(of=("self",), no_key=True)
                .filter(account_id=account.account_id, pk=_row_id(provider_id))
                .first()
            )
            if row is None:
                raise ChargeNotFound
            if amount.currency is not row.amount.currency or amount.minor > row.received_minor:
                raise GatewayError("refund_too_large", "More than was received.")
            # The sum asked for is the sum given back in all, so that a repeat gives nothing twice.
            row.refunded_minor = max(row.refunded_minor, amount.minor)
            whole = row.refunded_minor >= row.received_minor
            row.status = (PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED).value
            row.save(update_fields=["refunded_minor", "status"])
        return as_charge(row)

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        header = call.headers.get(HEADER, "")
        genuine = is_genuine(account.webhook_secret, call.body, header, now=call.received_at)
        return Verification.VERIFIED if genuine else Verification.INVALID

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        try:
            said = json.loads(call.body)
            return (
                Hint(
                    provider_id=str(said["charge"])[:120],
                    key=str(said["reference"])[:64],
                    status=PaymentStatus(said["status"]),
                    amount=Money(said["amount"], Currency(said["currency"])),
                ),
            )
        except (ValueError, KeyError, TypeError, MoneyError, RecursionError) as error:
            raise UnreadableWebhook(type(error).__name__) from None

    def test_credentials(self, account: AccountAccess) -> None:
        if account.credentials.get(FAULT) == FAULT_DOWN:
            raise GatewayError("unreachable", "The sandbox is switched off.", retryable=True)

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        mine = SandboxCharge.unscoped.filter(account_id=account.account_id)
        return map(as_charge, mine.filter(paid_at__gte=since, paid_at__lt=until).order_by("paid_at"))

    def _find_or_make(self, account: AccountAccess, charge: NewCharge) -> SandboxCharge:
        mine = SandboxCharge.unscoped.filter(account_id=account.account_id, reference=charge.key)
        found = mine.first()
        if found is not None:
            return found
        row_id, token = uuid7(), new_token()
        row = SandboxCharge(
            pk=row_id,
            organization_id=account.organization_id,
            account_id=account.account_id,
            reference=charge.key,
            token=token,
            amount_minor=charge.amount.minor,
            currency=charge.amount.currency.value,
            description=charge.description[:250],
            txid=row_id.hex[:25],
            br_code=_br_code(token, charge.amount, row_id),
            expires_at=charge.expires_at,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:  # the same key at the same moment: one of the two made it
            return mine.get()
        return row


def as_charge(row: SandboxCharge) -> Charge:
    """The row as the gateway would answer it; a charge past its end answers `expired` without anybody's doing."""
    status = PaymentStatus(row.status)
    if status is PaymentStatus.PENDING and row.expires_at <= timezone.now():
        status = PaymentStatus.EXPIRED
    return Charge(
        provider_id=row.provider_id,
        key=row.reference,
        status=status,
        amount=row.amount,
        br_code=row.br_code,
        txid=row.txid,
        end_to_end_id=row.end_to_end_id,
        page_url=page_url(row.token),
        received=row.received if row.received_minor else None,
        refunded=Money(row.refunded_minor, Currency(row.currency)) if row.refunded_minor else None,
        paid_at=row.paid_at,
        expires_at=row.expires_at,
        dispute_won=row.dispute_won,
        raw={"id": row.provider_id, "status": status.value, "received": row.received_minor},
    )


def page_url(token: str) -> str:
    """Where a person pays, or does anything else a buyer may do."""
    return f"{settings.SITE_URL}/pagar/{token}/"


def end_to_end_id(row_id: UUID, moment: datetime) -> str:
    """As the central bank shapes it: E, the bank's eight digits, the minute, eleven characters."""
    return f"E00000000{moment:%Y%m%d%H%M}{row_id.hex[-11:]}"


def _br_code(token: str, amount: Money, row_id: UUID) -> str:
    """Stars have no PIX code. A site with a very long name gets the code's address shortened to its path."""
    if amount.currency is not Currency.BRL:
        return ""
    address = f"{urlsplit(settings.SITE_URL).netloc}/pagar/{token}"
    if len(address) > _URL_ROOM:
        address = f"localhost/pagar/{token}"
    return dynamic_code(url=address, name="Trilho Sandbox", city="Sao Paulo", amount=amount, txid=row_id.hex[:25])


def _row_id(provider_id: str) -> UUID:
    try:
        return UUID(hex=provider_id.removeprefix("sbx_"))
    except ValueError:
        raise ChargeNotFound from None
