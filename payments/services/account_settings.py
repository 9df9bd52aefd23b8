"""What a seller does with gateway accounts: add one, change it, test it, put it before another, switch it off.

Credentials are tried at the gateway before they are kept, outside any transaction. Where a gateway lets us, we enter
the address of an account's notices there ourselves; that it could not be done takes no account away: it is told.
"""

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import Invalid, NotFound, Unavailable
from bots.ids import uuid7
from bots.models import Membership, Organization
from bots.permissions import Role
from bots.services import AnyActor, record_audit
from payments.domain.gateway_names import GatewayName
from payments.gateways.base import AccountAccess, Gateway, GatewayError, RegistersWebhooks, SecretOrigin
from payments.gateways.registry import gateway_of
from payments.models import GatewayAccount
from payments.services.accounts import access_to, note_answer, note_failure, webhook_url
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
    needed = {field.name: "" for field in adapter.traits.credentials}
    row.credentials = _known_credentials(row, adapter, {**needed, **credentials})
    if adapter.traits.webhook_secret is SecretOrigin.THEIRS:
        row.webhook_secret = webhook_secret.strip()
    _try(adapter, access_to(row))
    with work_for(organization.pk):
        last = GatewayAccount.objects.order_by("-position").values_list("position", flat=True).first()
        row.position = 0 if last is None else min(last + 1, 32_000)
        row.save(force_insert=True)
        record_audit(row, "gateway_account.add", actor=actor, data={"gateway": gateway.value, "name": name})
    _register_webhook(row)
    return row


def change_account(
    account_id: UUID,
    *,
    organization_id: UUID,
    actor: AnyActor,
    name: str | None = None,
    credentials: Mapping[str, str] | None = None,
    webhook_secret: str | None = None,
    active: bool | None = None,
) -> GatewayAccount:
    """Changes what is given and keeps the rest; of `credentials` too only those that are given. New ones are tried
    before they are kept. Safe to repeat. `NotFound`, `Invalid`, or `Unavailable` where the gateway does not answer."""
    row = _account(account_id, organization_id)
    adapter = gateway_of(row.gateway)
    changed: list[str] = []
    if name is not None and name != row.name:
        row.name = name
        changed.append("name")
    if credentials:
        row.credentials = {**row.opened_credentials, **_known_credentials(row, adapter, credentials)}
        changed.append("credentials")
    if webhook_secret is not None:
        if adapter.traits.webhook_secret is not SecretOrigin.THEIRS:
            raise Invalid("secret_is_ours", _("This account's webhook token is made by us."), field="webhook_secret")
        row.webhook_secret = webhook_secret.strip()
        changed.append("webhook_secret")
    if active is not None and active != row.active:
        row.active = active
        changed.append("active")
    if "credentials" in changed:
        _try(adapter, access_to(row))
        row.failing_since, row.last_error, row.last_answer_at = None, "", timezone.now()
    if not changed:
        return row
    with work_for(organization_id):
        kept = [*changed, "failing_since", "last_error", "last_answer_at"] if "credentials" in changed else changed
        row.save(update_fields=kept)
        # What changed, never into what: some of it is secret.
        record_audit(row, "gateway_account.change", actor=actor, data={"changed": changed, "active": row.active})
    if "credentials" in changed:
        _register_webhook(row)
    return row


def test_account(account_id: UUID, *, organization_id: UUID) -> GatewayError | None:
    """Asks the gateway whether it still takes the credentials, and sees to it that its notices come; the account's
    health remembers both. Safe to repeat. `NotFound`."""
    account = _account(account_id, organization_id)
    try:
        gateway_of(account.gateway).test_credentials(access_to(account))
    except GatewayError as error:
        note_failure(account, error)
        return error
    note_answer(account)
    _register_webhook(account)
    return None


def registers_webhook(account: GatewayAccount) -> bool:
    """Whether we enter the address of the account's notices at its gateway ourselves. Where the seller told us the
    secret of a webhook of their own, that one is used: ours would have other secrets."""
    adapter = gateway_of(account.gateway)
    if not isinstance(adapter, RegistersWebhooks) or not webhook_url(account).startswith("https://"):
        return False
    return adapter.traits.webhook_secret is SecretOrigin.OURS or not account.webhook_secret


def move_account(account_id: UUID, *, organization_id: UUID, up: bool, actor: AnyActor) -> None:
    """One place up or down in the order in which accounts are tried. `NotFound`, for Stars too: they have no place."""
    with work_for(organization_id):
        ordered = GatewayAccount.objects.filter(stars_of__isnull=True).order_by("position", "created_at")
        rows = list(ordered.select_for_update(of=("self",), no_key=True))
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


def _known_credentials(row: GatewayAccount, adapter: Gateway, given: Mapping[str, str]) -> dict[str, str]:
    names = {field.name: field for field in adapter.traits.credentials} if row.stars_of_id is None else {}
    for name, value in given.items():
        if name not in names:
            raise Invalid("unknown_credential", _("This gateway asks for no “%(name)s”.") % {"name": name})
        if not value.strip() or (names[name].choices and value not in names[name].choices):
            raise Invalid("bad_credential", _("“%(name)s” is not usable as given.") % {"name": name})
    return {name: value.strip() for name, value in given.items()}


def _register_webhook(account: GatewayAccount) -> None:
    """Never raises for what a gateway does: the account works without, only slower, and its page says why."""
    adapter = gateway_of(account.gateway)
    if not registers_webhook(account) or not isinstance(adapter, RegistersWebhooks):
        return
    with work_for(account.organization_id):
        email = (
            Membership.objects.filter(role=Role.OWNER.value)
            .order_by("created_at")
            .values_list("user__email", flat=True)
            .first()
        )
    try:
        adapter.register_webhook(access_to(account), url=webhook_url(account), email=email or "")
        account.webhook_registered_at, account.webhook_error = timezone.now(), ""
    except GatewayError as error:
        account.webhook_error = f"{error.code}: {error}"[:300]
    with work_for(account.organization_id):
        account.save(update_fields=["webhook_registered_at", "webhook_error"])


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
