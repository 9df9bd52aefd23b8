"""Gateway accounts in the staff admin: switched on and off, in each bot's order, with what their gateways told."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bots.staff import ReadOnlyAdmin, StaffAdmin, note_act
from bots.tenancy import organization_scope
from payments import selectors
from payments.admin.lines import ShownAmount
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import (
    BotGateway,
    GatewayAccount,
    Reconciliation,
    WebhookDelivery,
)
from payments.services.webhooks import process_again

# Of a notice's body; real ones have a few hundred characters.
MOST_SHOWN: Final = 20_000


@admin.register(GatewayAccount)
class GatewayAccountAdmin(StaffAdmin):
    """Accounts; staff switch them on and off and never see their credentials."""

    list_display = ["name", "gateway", "organization", "active", "last_webhook_at", "last_answer_at", "failing_since"]
    list_filter = ["gateway", "active"]
    list_select_related = ["organization"]
    search_fields = ["name", "id", "public_id", "organization__name"]
    fields = [
        *("organization", "gateway", "name", "active", "position", "last_webhook_at", "last_answer_at"),
        *("failing_since", "last_error", "webhook_registered_at", "webhook_error", "health"),
    ]
    readonly_fields = [
        *("organization", "gateway", "last_webhook_at", "last_answer_at", "failing_since", "last_error"),
        *("webhook_registered_at", "webhook_error", "health"),
    ]

    @admin.display(description=_("health in 7 days"))
    def health(self, account: GatewayAccount) -> str:
        """How many payments it took, how many of them only our asking found, and how long its notices took."""
        with organization_scope(account.organization_id):
            known = selectors.health_of_accounts(since=timezone.now() - timedelta(days=7)).get(account.pk)
        if known is None:
            return "-"
        facts = {"paid": known.paid, "asked": known.asked_percent, "notices": known.notices, "forged": known.forged}
        delay = "-" if known.delay is None else round(known.delay.total_seconds())
        words = _("%(paid)d paid, %(asked)d%% found by asking; %(notices)d notices, %(forged)d forged, %(delay)s s")
        return words % {**facts, "delay": delay}

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """An account has books."""
        return False


@admin.register(BotGateway)
class BotGatewayAdmin(StaffAdmin):
    """Which accounts a bot tries, in which order."""

    list_display = ["bot", "account", "position", "organization"]
    list_select_related = ["bot", "account", "organization"]
    search_fields = ["bot__name", "bot__username", "account__name"]
    autocomplete_fields = ["organization", "bot", "account"]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Gateways' notices as they came: forged, unknown and set aside ones too, each with its reason, and to be handled
    once more when its cause is mended."""

    list_display = ["created_at", "account", "organization", "verified", "state", "error", "references", "attempts"]
    list_filter = ["state", "verified", "account__gateway"]
    list_select_related = ["account", "organization"]
    search_fields = ["id", "digest", "payment_id", "error", "account__name", "organization__name"]
    exclude = ["body", "headers", "lease_until"]
    readonly_fields = ["shown_headers", "shown_body"]
    date_hierarchy = "created_at"
    actions = ["handle_again"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the list with its action."""
        return obj is None and super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.display(description=_("headers"))
    def shown_headers(self, row: WebhookDelivery) -> str:
        """Secret ones were kept as fingerprints. A signature proves this body and nothing else."""
        lines = (f"{name}: {value}" for name, value in sorted(row.headers.items()))
        return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', "\n".join(lines))

    @admin.display(description=_("body"))
    def shown_body(self, row: WebhookDelivery) -> str:
        """As it came; what is no text is shown as escapes."""
        text = bytes(row.body).decode("utf-8", errors="backslashreplace")[:MOST_SHOWN]
        return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', text)

    @admin.action(description=_("Handle the selected notices once more"), permissions=["change"])
    def handle_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The next sweep verifies, reads and asks as if they had just come."""
        again = [row for row in queryset if process_again(row.pk, organization_id=row.organization_id)]
        for row in again:
            note_act(request, row, "handle_again", state=row.state, error=row.error)
        told = ngettext(
            "%(count)d notice will be handled in a moment.",
            "%(count)d notices will be handled in a moment.",
            len(again),
        )
        messages.success(request, told % {"count": len(again)})


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """What each night's comparison with the gateways came to."""

    list_display = [
        "day",
        "account",
        "organization",
        "agrees",
        "ours_count",
        "theirs_count",
        "found_count",
        "unknown_count",
        "error",
    ]
    list_filter = ["day", "account__gateway"]
    list_select_related = ["account", "organization"]
    search_fields = ["account__name", "organization__name", "error"]

    @admin.display(description=_("agrees"), boolean=True)
    def agrees(self, row: Reconciliation) -> bool:
        return row.agrees


@admin.register(SandboxCharge)
class SandboxChargeAdmin(ShownAmount, ReadOnlyAdmin):
    """What the sandbox knows of its charges: the other side of ours."""

    list_display = [
        "created_at",
        "reference",
        "status",
        "shown_amount",
        "account",
        "organization",
        "expires_at",
        "paid_at",
    ]
    list_filter = ["status"]
    list_select_related = ["account", "organization"]
    search_fields = ["reference", "txid", "end_to_end_id", "description"]
    exclude = ["br_code", "token", "amount_minor", "currency"]
    readonly_fields = ["shown_amount"]
