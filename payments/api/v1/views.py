"""`/payments/` and `/grants/`: money and access, to read; and money to give back."""

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.views import ApiView
from bots.errors import NotFound
from bots.permissions import ApiScope
from bots.services import Actor
from bots.storable import clean_text
from payments import selectors
from payments.api.v1.serializers import (
    GiveSerializer,
    GrantSerializer,
    PaymentDetailSerializer,
    PaymentSerializer,
    ReasonSerializer,
    RefundRequestSerializer,
    RefundSerializer,
)
from payments.models import Grant, Payment
from payments.services import grant_acts, refund_payment
from payments.services.refunds import amount_from

SEARCH_LENGTH: Final = 200


@extend_schema(
    tags=["payments"],
    parameters=[
        OpenApiParameter(
            "search",
            str,
            description="A name, @username, Telegram id, e-mail, CPF, txid, end-to-end id, or any id of the sale.",
        )
    ],
)
class PaymentList(ApiView, ListAPIView[Payment]):
    """Charges, newest first; what is on a receipt, whose it is and when it was made or paid filter."""

    read_scope = ApiScope.PAYMENTS_READ
    serializer_class = PaymentSerializer
    filters = ("bot", "contact", "order", "account", "status", "txid", "end_to_end_id", "provider_id")
    moments: ClassVar[Mapping[str, str]] = {"created": "created_at", "paid": "paid_at"}

    def get_queryset(self) -> QuerySet[Payment]:
        search = clean_text(self.request.query_params.get("search", ""))[:SEARCH_LENGTH]
        return selectors.payments(search=search)


@extend_schema(tags=["payments"])
class PaymentDetail(ApiView, RetrieveAPIView[Payment]):
    """One charge with its sale and the sale's proof."""

    read_scope = ApiScope.PAYMENTS_READ
    serializer_class = PaymentDetailSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        return selectors.payments()


@extend_schema(tags=["payments"])
class PaymentRefund(ApiView):
    """Gives money back."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=RefundRequestSerializer, responses={202: RefundSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """The refund is decided and kept; the gateway is told a moment later. The payment's status says when it is."""
        asked = RefundRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        payment = selectors.payments().filter(pk=pk).first()
        if payment is None:
            raise NotFound("payment_not_found", _("There is no such payment."))
        refund = refund_payment(
            pk,
            organization_id=payment.organization_id,
            amount=amount_from(asked.validated_data.get("amount"), payment.amount.currency),
            actor=Actor.of_key(self.api_key),
            reason=asked.validated_data["reason"],
            by_hand=asked.validated_data["by_hand"],
        )
        return Response(RefundSerializer(refund).data, status=202)


@extend_schema(tags=["grants"])
class GrantList(ApiView, ListAPIView[Grant]):
    """Accesses, newest first; `contact`, `order`, `kind` and `telegram_user_id` filter. And one given by hand."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE
    serializer_class = GrantSerializer
    filters = ("contact", "order", "kind", "telegram_user_id")

    def get_queryset(self) -> QuerySet[Grant]:
        return selectors.grants()

    @extend_schema(request=GiveSerializer, responses={201: GrantSerializer})
    def post(self, request: Request) -> Response:
        """Open from now on, for so many days or without end. `tell` says it in the chat a moment later."""
        asked = GiveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        grant = grant_acts.give_by_hand(
            wanted["contact"],
            organization_id=self.api_key.organization_id,
            content={name: str(wanted[name]) for name in ("text", "link", "chat", "mode") if wanted.get(name)},
            days=wanted.get("days"),
            reason=wanted["reason"],
            tell=wanted["tell"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(GrantSerializer(grant).data, status=201)


@extend_schema(tags=["grants"])
class GrantTakeBack(ApiView):
    """Closes an access."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=ReasonSerializer, responses={200: GrantSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """From now on; 409 for one that was taken back before."""
        asked = ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        grant = grant_acts.take_back(
            pk,
            organization_id=self.api_key.organization_id,
            reason=asked.validated_data["reason"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(GrantSerializer(grant).data)
