"""Money and access in the staff admin: to read, but for accounts being switched on and off."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from bots.errors import DomainError
from bots.models import User
from bots.services import Actor
from bots.staff import ReadOnlyAdmin, StaffAdmin, note_act
from bots.storable import clean_text
from bots.tenancy import organization_scope
from payments import selectors
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import (
    BotGateway,
    ChargeRequest,
    CouponUse,
    CreditEntry,
    GatewayAccount,
    Grant,
    MoneyMatter,
    MoneyRules,
    Order,
    Payment,
    PaymentEvent,
    Place,
    Reconciliation,
    Refund,
    WebhookDelivery,
)
from payments.selectors import matching, paid_but_not_inside
from payments.services.place_acts import send_link_now
from payments.services.refunds import refund_payment
from payments.services.webhooks import process_again

# Of a notice's body; real ones have a few hundred characters.
MOST_SHOWN: Final = 20_000


class ShownAmount:
    """Money as people read it, in the place of a number of cents and a currency."""

    @admin.display(description=_("amount"), ordering="amount_minor")
    def shown_amount(self, row: Order | Payment | Refund | MoneyMatter | SandboxCharge) -> str:
        return row.amount.display(get_language() or "pt-br")


class _Lines(TabularInline):
    """Rows of another table on a page, to read."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class PaymentLines(ShownAmount, _Lines):
    """The charges of a sale."""

    model = Payment
    fields = ["status", "shown_amount", "txid", "late", "overpaid", "superseded", "paid_at"]
    readonly_fields = ["shown_amount"]


class EventLines(_Lines):
    """The ledger of a charge."""

    model = PaymentEvent
    fields = ["created_at", "kind", "source", "from_status", "to_status", "alarm", "note"]
    readonly_fields = ["created_at"]


class GrantLines(_Lines):
    """What a sale gave."""

    model = Grant
    fields = ["kind", "content", "starts_at", "ends_at", "revoked_at"]


@admin.register(Order)
class OrderAdmin(ShownAmount, ReadOnlyAdmin):
    """Sales."""

    list_display = [
        "created_at",
        "description",
        "shown_amount",
        "status",
        "contact",
        "bot",
        "organization",
        "paid_at",
        "served_at",
    ]
    list_filter = ["status", "currency", "is_test", ("coupon", admin.EmptyFieldListFilter)]
    list_select_related = ["contact", "bot", "organization"]
    search_fields = ["id"]
    search_help_text = _("Name, @username, Telegram id, e-mail, CPF, txid, end-to-end id, any id of the sale")
    exclude = ["amount_minor", "discount_minor", "currency"]
    readonly_fields = ["shown_amount", "shown_discount"]
    inlines = [PaymentLines, GrantLines]
    date_hierarchy = "created_at"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By whatever stands on a receipt, as sellers search their own."""
        text = clean_text(search_term).strip()
        return (queryset.filter(matching(text)) if text else queryset), False

    @admin.display(description=_("discount"))
    def shown_discount(self, row: Order) -> str:
        return row.discount.display(get_language() or "pt-br") if row.coupon else ""


@admin.register(CouponUse)
class CouponUseAdmin(ReadOnlyAdmin):
    """How many sales hold each coupon that has a limit."""

    list_display = ["code", "used", "step_id", "flow_id", "organization", "created_at"]
    list_select_related = ["organization"]
    search_fields = ["code", "step_id"]


@admin.register(Payment)
class PaymentAdmin(ShownAmount, ReadOnlyAdmin):
    """Charges."""

    list_display = ["created_at", "shown_amount", "status", "account", "contact", "txid", "late", "overpaid", "paid_at"]
    list_filter = ["status", "late", "overpaid", "creation_unknown", "superseded", "account__gateway"]
    list_select_related = ["account", "contact"]
    search_fields = ["id"]
    search_help_text = OrderAdmin.search_help_text
    exclude = ["br_code", "payer", "amount_minor", "currency"]
    readonly_fields = ["shown_amount"]
    inlines = [EventLines]
    date_hierarchy = "created_at"
    actions = ["ask_gateway", "refund"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The charges of the sales that are found so."""
        text = clean_text(search_term).strip()
        sales = Order.objects.filter(matching(text)) if text else Order.objects.none()
        return (queryset.filter(order__in=sales.order_by().values("pk")) if text else queryset), False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the list with its action."""
        return obj is None and super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.action(description=_("Ask the gateway about the selected charges"), permissions=["change"])
    def ask_gateway(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The next sweep asks, outside any transaction."""
        open_charges = list(queryset.filter(status__in=["pending", "failed", "expired"]))
        Payment.objects.filter(pk__in=[payment.pk for payment in open_charges]).update(next_poll_at=Now())
        for payment in open_charges:
            note_act(request, payment, "ask_gateway")
        told = ngettext(
            "%(count)d charge will be asked about in a moment.",
            "%(count)d charges will be asked about in a moment.",
            len(open_charges),
        )
        messages.success(request, told % {"count": len(open_charges)})

    @admin.action(description=_("Give back all that is left of the selected charges"), permissions=["change"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The intent; the relay tells the gateway. What cannot be given back is named, the others go."""
        assert isinstance(request.user, User)
        for payment in queryset.select_related("account"):
            try:
                refund_payment(
                    payment.pk,
                    organization_id=payment.organization_id,
                    amount=None,
                    actor=Actor.of_staff(request.user),
                    reason="",
                )
            except DomainError as error:
                messages.error(request, f"{payment}: {error}")
            else:
                messages.success(request, _("%(payment)s: the refund is on its way.") % {"payment": payment})


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    """The ledger."""

    list_display = ["created_at", "payment", "kind", "source", "from_status", "to_status", "alarm"]
    list_filter = ["kind", "source", "to_status", "alarm"]
    list_select_related = ["payment"]
    search_fields = ["payment__id", "payment__txid", "key", "note"]


@admin.register(ChargeRequest)
class ChargeRequestAdmin(ReadOnlyAdmin):
    """Wishes of runs for money, and the sale each led to."""

    list_display = ["created_at", "key", "order"]
    list_select_related = ["order"]
    search_fields = ["key", "order__id"]


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Accesses."""

    list_display = ["created_at", "contact", "telegram_user_id", "kind", "order", "starts_at", "ends_at", "revoked_at"]
    list_filter = ["kind", "is_test"]
    list_select_related = ["contact", "order"]
    search_fields = ["id", "telegram_user_id", "contact__username", "order__id", "run_id"]


@admin.register(Refund)
class RefundAdmin(ShownAmount, ReadOnlyAdmin):
    """Money on its way back, or gone."""

    list_display = ["created_at", "payment", "shown_amount", "state", "asked_by", "done_at", "error"]
    list_filter = ["state", "asked_by"]
    list_select_related = ["payment"]
    search_fields = ["id", "payment__id", "payment__txid", "reason", "error"]
    exclude = ["amount_minor", "total_minor", "currency"]
    readonly_fields = ["shown_amount"]


@admin.register(MoneyRules)
class MoneyRulesAdmin(StaffAdmin):
    """What sellers want done with unusual payments; a row with a bot holds for that bot alone."""

    list_display = ["organization", "bot", "late", "double", "smaller", "larger"]
    list_select_related = ["organization", "bot"]
    search_fields = ["organization__name", "bot__name", "bot__username"]
    autocomplete_fields = ["organization", "bot"]


@admin.register(MoneyMatter)
class MoneyMatterAdmin(ShownAmount, ReadOnlyAdmin):
    """Payments that were not as expected."""

    list_display = ["created_at", "payment", "case", "shown_amount", "policy", "state", "decided_at"]
    list_filter = ["case", "state", "policy"]
    list_select_related = ["payment"]
    search_fields = ["id", "payment__id", "payment__txid", "payment__contact__username"]
    exclude = ["amount_minor", "currency"]
    readonly_fields = ["shown_amount"]


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    """What sellers owe people."""

    list_display = ["created_at", "telegram_user_id", "amount_minor", "currency", "matter", "note"]
    list_select_related = ["matter"]
    search_fields = ["telegram_user_id", "note"]


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


class OutsideFilter(admin.SimpleListFilter):
    """Who paid and is not inside."""

    title = _("where they are")
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("outside", _("Paid and not inside")), ("removed", _("Put out lately"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "outside":
                return queryset.filter(pk__in=paid_but_not_inside().order_by().values("pk"))
            case "removed":
                return queryset.filter(removed_at__isnull=False)
        return queryset


@admin.register(Place)
class PlaceAdmin(ReadOnlyAdmin):
    """Who is inside which group or channel by an access, and what became of the last link."""

    list_display = [
        "chat",
        "telegram_user_id",
        "contact",
        "entered_at",
        "left_at",
        "links_told",
        "link_sent_at",
        "removed_at",
        "due_at",
    ]
    list_filter = [OutsideFilter]
    list_select_related = ["chat", "contact"]
    search_fields = ["id", "telegram_user_id", "chat__title"]
    actions = ["send_link"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the list with its action."""
        return obj is None and super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.action(description=_("Send the people of the selected places a fresh link"), permissions=["change"])
    def send_link(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """What would be of no use is named, the others go; asked for twice in a minute one is sent."""
        assert isinstance(request.user, User)
        for place in queryset:
            try:
                send_link_now(place.pk, organization_id=place.organization_id, actor=Actor.of_staff(request.user))
            except DomainError as error:
                messages.error(request, f"{place}: {error}")
            else:
                messages.success(request, _("%(place)s: a fresh link is on its way.") % {"place": place})
