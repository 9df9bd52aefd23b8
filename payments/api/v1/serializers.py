"""What the API says of charges and accesses. Amounts are strings in units of the currency (`"29.90"`)."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bots.api.serializers import StrictSerializer
from flows.engine.content import AccessMode
from payments.domain.money import Currency, Money
from payments.models import Grant, Order, Payment, PaymentEvent, Refund
from payments.selectors import ledger_of, proof_of_sale


class ProofStopSerializer(serializers.Serializer[Any]):
    """One stop of a sale's proof."""

    kind = serializers.CharField()
    state = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class OrderSerializer(serializers.ModelSerializer[Order]):
    """The sale a charge belongs to, with its proof: charged, paid, went on, sent. `amount` is the sum of the items less
    the `discount` of its `coupon`."""

    amount = serializers.SerializerMethodField()
    discount = serializers.SerializerMethodField()
    proof = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields: ClassVar[Any] = [
            "id",
            "description",
            "amount",
            "currency",
            "status",
            "items",
            "coupon",
            "discount",
            "paid_at",
            "served_at",
            "sent_at",
            "proof",
        ]

    def get_amount(self, order: Order) -> str:
        return order.amount.plain()

    def get_discount(self, order: Order) -> str:
        return order.discount.plain()

    @extend_schema_field(ProofStopSerializer(many=True))
    def get_proof(self, order: Order) -> Any:
        return ProofStopSerializer(proof_of_sale(order), many=True).data


class LedgerLineSerializer(serializers.ModelSerializer[PaymentEvent]):
    """One line of a charge's ledger, which only ever grows: what happened, who told of it, and what is odd about it.
    Of a move, `amount` is what came in, or what has gone back in all."""

    at = serializers.DateTimeField(source="created_at")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = PaymentEvent
        fields: ClassVar[Any] = [
            "id",
            "kind",
            "source",
            "from_status",
            "to_status",
            "late",
            "overpaid",
            "alarm",
            "amount",
            "note",
            "at",
        ]

    def get_amount(self, line: PaymentEvent) -> str:
        return Money(line.amount_minor, Currency(line.currency)).plain()


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A charge at a gateway."""

    order = serializers.UUIDField(source="order_id")
    bot = serializers.UUIDField(source="bot_id")
    contact = serializers.UUIDField(source="contact_id")
    run = serializers.UUIDField(source="run_id")
    step = serializers.CharField(source="flow_step_id")
    account = serializers.UUIDField(source="account_id")
    gateway = serializers.CharField(source="account.gateway")
    amount = serializers.SerializerMethodField()
    refunded = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()

    class Meta:
        model = Payment
        fields: ClassVar[Any] = [
            "id",
            "order",
            "bot",
            "contact",
            "run",
            "step",
            "account",
            "gateway",
            "status",
            "late",
            "overpaid",
            "superseded",
            "amount",
            "refunded",
            "fee",
            "currency",
            "provider_id",
            "txid",
            "end_to_end_id",
            "expires_at",
            "paid_at",
            "dispute_until",
            "created_at",
        ]

    def get_amount(self, payment: Payment) -> str:
        return payment.amount.plain()

    def get_refunded(self, payment: Payment) -> str:
        """What has gone back in all."""
        return Money(payment.refunded_minor, payment.amount.currency).plain()

    def get_fee(self, payment: Payment) -> str | None:
        """What the gateway keeps; null where it does not tell."""
        return None if payment.fee_minor is None else Money(payment.fee_minor, payment.amount.currency).plain()


class PaymentDetailSerializer(PaymentSerializer):
    """A charge with its sale and its ledger, oldest line first."""

    order = OrderSerializer()  # type: ignore[assignment]
    events = serializers.SerializerMethodField()

    class Meta(PaymentSerializer.Meta):
        fields: ClassVar[Any] = [*PaymentSerializer.Meta.fields, "events"]

    @extend_schema_field(LedgerLineSerializer(many=True))
    def get_events(self, payment: Payment) -> Any:
        return LedgerLineSerializer(ledger_of(payment.pk), many=True).data


class RefundRequestSerializer(StrictSerializer):
    """`amount` in units of the payment's currency; left out: all that is left. `by_hand`: you send it by bank."""

    amount = serializers.CharField(required=False, max_length=20)
    reason = serializers.CharField(required=False, max_length=300, allow_blank=True, default="")
    by_hand = serializers.BooleanField(required=False, default=False)


class RefundSerializer(serializers.ModelSerializer[Refund]):
    """Money on its way back. `state`: asked, by_hand, done, failed, canceled."""

    payment = serializers.UUIDField(source="payment_id")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = Refund
        fields: ClassVar[Any] = ["id", "payment", "amount", "currency", "state", "reason", "done_at", "created_at"]

    def get_amount(self, refund: Refund) -> str:
        return refund.amount.plain()


class GiveSerializer(StrictSerializer):
    """An access by hand: what it says, where it leads, the group or channel it opens (`mode`: by asking to join, or by
    a link of one's own); one of the three at least. Without `days` it has no end."""

    contact = serializers.UUIDField()
    text = serializers.CharField(required=False, max_length=4000)
    link = serializers.URLField(required=False, max_length=1000)
    chat = serializers.UUIDField(required=False)
    mode = serializers.ChoiceField(required=False, choices=[mode.value for mode in AccessMode])
    days = serializers.IntegerField(required=False, min_value=1, max_value=3650)
    reason = serializers.CharField(max_length=300)
    tell = serializers.BooleanField(required=False, default=True)


class ReasonSerializer(StrictSerializer):
    """Why, for the team; it stays in the audit trail. Empty is refused by the service, after what is not there."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class GrantSerializer(serializers.ModelSerializer[Grant]):
    """An access given."""

    contact = serializers.UUIDField(source="contact_id", allow_null=True)
    order = serializers.UUIDField(source="order_id", allow_null=True)
    run = serializers.UUIDField(source="run_id")
    step = serializers.CharField(source="step_id")

    class Meta:
        model = Grant
        fields: ClassVar[Any] = [
            "id",
            "telegram_user_id",
            "contact",
            "order",
            "run",
            "step",
            "kind",
            "content",
            "starts_at",
            "ends_at",
            "revoked_at",
        ]
