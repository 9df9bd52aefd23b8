"""What the API says of charges and accesses. Amounts are strings in units of the currency (`"29.90"`)."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bots.api.serializers import StrictSerializer
from payments.models import Grant, Order, Payment, Refund
from payments.selectors import proof_of_sale


class ProofStopSerializer(serializers.Serializer[Any]):
    """One stop of a sale's proof."""

    kind = serializers.CharField()
    state = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class OrderSerializer(serializers.ModelSerializer[Order]):
    """The sale a charge belongs to, with its proof: charged, paid, went on, sent."""

    amount = serializers.SerializerMethodField()
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
            "paid_at",
            "served_at",
            "sent_at",
            "proof",
        ]

    def get_amount(self, order: Order) -> str:
        return order.amount.plain()

    @extend_schema_field(ProofStopSerializer(many=True))
    def get_proof(self, order: Order) -> Any:
        return ProofStopSerializer(proof_of_sale(order), many=True).data


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A charge at a gateway."""

    order = serializers.UUIDField(source="order_id")
    bot = serializers.UUIDField(source="bot_id")
    contact = serializers.UUIDField(source="contact_id")
    run = serializers.UUIDField(source="run_id")
    step = serializers.CharField(source="flow_step_id")
    gateway = serializers.CharField(source="account.gateway")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = Payment
        fields: ClassVar[Any] = [
            "id",
            "order",
            "bot",
            "contact",
            "run",
            "step",
            "gateway",
            "status",
            "late",
            "overpaid",
            "superseded",
            "amount",
            "currency",
            "txid",
            "end_to_end_id",
            "expires_at",
            "paid_at",
            "created_at",
        ]

    def get_amount(self, payment: Payment) -> str:
        return payment.amount.plain()


class PaymentDetailSerializer(PaymentSerializer):
    """A charge with its sale."""

    order = OrderSerializer()  # type: ignore[assignment]


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
    """An access by hand: what it says and where it leads; one of the two at least. Without `days` it has no end."""

    contact = serializers.UUIDField()
    text = serializers.CharField(required=False, max_length=4000)
    link = serializers.URLField(required=False, max_length=1000)
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
