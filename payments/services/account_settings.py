"""What a seller does with gateway accounts: add one, test it, put it before another, switch it off.

Credentials are tried at the gateway before they are kept, outside any transaction.
"""

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import Invalid, NotFound, Unavailable
from bots.ids import uuid7
from bots.models import Organization
from bots.services import AnyActor, record_audit
from payments.domain.gateway_names import GatewayName
from payments.gateways.base import AccountAccess, Gateway, GatewayError, SecretOrigin
from payments.gateways.registry import gateway_of
from payments.models import GatewayAccount
from payments.services.accounts import access_to, note_answer, note_failure
from payments.services.transactions import work_for


def add_account(
    *,
    organization: Organization,
    gateway: GatewayName,
    name: str,
    credentials: Mapping[str, str],
    webhook_secret: str,
    actor: AnyActor,
) -> GatewayAccount:
    """A new account, the last to be tried, once its gateway has taken the credentials. `webhook_secret` is the
    gateway's where it makes one; else ours is made. `Invalid`, or `Unavailable` where the gateway does not answer."""
    adapter = gateway_of(gateway)
    row = GatewayAccount(
        pk=uuid7(), organization_id=organization.pk, gateway=gateway.value, name=name, last_answer_at=timezone.now()
    )
    row.credentials = {field.name: credentials.get(field.name, "").strip() for field in adapter.traits.credentials}
    if adapter.traits.webhook_secret is SecretOrigin.THEIRS:
        row.webhook_secret = webhook_secret.strip()
    _try(adapter, access_to(row))
    with work_for(organization.pk):
        last = GatewayAccount.objects.order_by("-position").values_list("position", flat=True).first()
        row.position = 0 if last is None else min(last + 1, 32_000)
        row.save(force_insert=True)
        record_audit(row, "gateway_account.add", actor=actor, data={"gateway": gateway.value, "name": name})
    return row


def test_account(account_id: UUID, *, organization_id: UUID) -> GatewayError | None:
    """Asks the gateway whether it still takes the credentials; the account's health remembers. `NotFound`."""
    account = _account(account_id, organization_id)
    try:
        gateway_of(account.gateway).test_credentials(access_to(account))
    except GatewayError as error:
        note_failure(account, error)
        return error
    note_answer(account)
    return None


def move_account(account_id: UUID, *, organization_id: UUID, up: bool, actor: AnyActor) -> None:
    """One place up or down in the order in which accounts are tried. `NotFound`."""
    with work_for(organization_id):
        rows = list(
            GatewayAccount.objects.select_for_update(of=("self",), no_key=True).order_by("position", "created_at")
        )
        place = next((number for number, row in enumerate(rows) if row.pk == account_id), None)
        if place is None:
            raise _not_there()
        other = place - 1 if up else place + 1
        if not 0 <= other < len(rows):
            return
        rows[place], rows[other] = rows[other], rows[place]
        for number, row in enumerate(rows):
            row.position = number
        GatewayAccount.objects.bulk_update(rows, ["position"])
        record_audit(rows[other], "gateway_account.move", actor=actor, data={"position": other})


def switch_account(account_id: UUID, *, organization_id: UUID, active: bool, actor: AnyActor) -> None:
    """An account that is off makes no charges; those it made are watched on. `NotFound`."""
    with work_for(organization_id):
        row = GatewayAccount.objects.filter(pk=account_id).first()
        if row is None:
            raise _not_there()
        GatewayAccount.objects.filter(pk=account_id).update(active=active)
        record_audit(row, "gateway_account.switch", actor=actor, data={"active": active})


def _account(account_id: UUID, organization_id: UUID) -> GatewayAccount:
    with work_for(organization_id):
        account = GatewayAccount.objects.filter(pk=account_id).first()
    if account is None:
        raise _not_there()
    return account


def _not_there() -> NotFound:
    return NotFound("gateway_account_not_found", _("There is no such gateway account."))


def _try(adapter: Gateway, access: AccountAccess) -> None:
    try:
        adapter.test_credentials(access)
    except GatewayError as error:
        if error.retryable:
            raise Unavailable(
                "gateway_unavailable", _("The gateway does not answer just now. Nothing was kept: try again shortly.")
            ) from None
        raise Invalid(
            "credentials_refused",
            _("The gateway does not take these credentials: %(reason)s") % {"reason": str(error)},
        ) from None
