"""Sales, charges and their ledger in the staff admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from bots.errors import DomainError
from bots.models import User
from bots.services import Actor
from bots.staff import ReadOnlyAdmin, StaffAdmin, note_act
from bots.storable import clean_text
from payments.admin.lines import EventLines, GrantLines, PaymentLines, ShownAmount
from payments.models import (
    ChargeRequest,
    CouponUse,
    CreditEntry,
    MoneyMatter,
    MoneyRules,
    Order,
    Payment,
    PaymentEvent,
    Refund,
)
from payments.selectors import matching
from payments.services.refunds import refund_payment


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
