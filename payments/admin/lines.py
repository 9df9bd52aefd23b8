"""What the staff pages of money have in common."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import (
    Grant,
    MoneyMatter,
    Order,
    Payment,
    PaymentEvent,
    Refund,
)


class ShownAmount:
    """Money as people read it, in the place of a number of cents and a currency."""

    @admin.display(description=_("amount"), ordering="amount_minor")
    def shown_amount(self, row: Order | Payment | Refund | MoneyMatter | SandboxCharge) -> str:
        return row.amount.display(get_language() or "pt-br")


class Lines(TabularInline):
    """Rows of another table on a page, to read."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class PaymentLines(ShownAmount, Lines):
    """The charges of a sale."""

    model = Payment
    fields = ["status", "shown_amount", "txid", "late", "overpaid", "superseded", "paid_at"]
    readonly_fields = ["shown_amount"]


class EventLines(Lines):
    """The ledger of a charge."""

    model = PaymentEvent
    fields = ["created_at", "kind", "source", "from_status", "to_status", "alarm", "note"]
    readonly_fields = ["created_at"]


class GrantLines(Lines):
    """What a sale gave."""

    model = Grant
    fields = ["kind", "content", "starts_at", "ends_at", "revoked_at"]
