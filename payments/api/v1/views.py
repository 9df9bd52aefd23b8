"""`/payments/` and `/grants/`: money and access, to read."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView

from bots.api.filters import filtered
from bots.api.views import ApiView
from bots.permissions import ApiScope
from payments import selectors
from payments.api.v1.serializers import GrantSerializer, PaymentDetailSerializer, PaymentSerializer
from payments.models import Grant, Payment


@extend_schema(tags=["payments"])
class PaymentList(ApiView, ListAPIView[Payment]):
    """Charges, newest first; `bot`, `contact`, `status` and `txid` filter."""

    read_scope = ApiScope.PAYMENTS_READ
    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        return filtered(
            selectors.payments(), self.request, bot="bot_id", contact="contact_id", status="status", txid="txid"
        )


@extend_schema(tags=["payments"])
class PaymentDetail(ApiView, RetrieveAPIView[Payment]):
    """One charge with its sale and the sale's proof."""

    read_scope = ApiScope.PAYMENTS_READ
    serializer_class = PaymentDetailSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        return selectors.payments()


@extend_schema(tags=["grants"])
class GrantList(ApiView, ListAPIView[Grant]):
    """Accesses, newest first; `contact`, `order` and `telegram_user_id` filter."""

    read_scope = ApiScope.PAYMENTS_READ
    serializer_class = GrantSerializer

    def get_queryset(self) -> QuerySet[Grant]:
        return filtered(
            selectors.grants(),
            self.request,
            contact="contact_id",
            order="order_id",
            telegram_user_id="telegram_user_id",
        )
