"""`/payments/` and `/grants/`: money and access, to read."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView

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
    filters = ("bot", "contact", "status", "txid")

    def get_queryset(self) -> QuerySet[Payment]:
        return selectors.payments()


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
    filters = ("contact", "order", "telegram_user_id")

    def get_queryset(self) -> QuerySet[Grant]:
        return selectors.grants()
