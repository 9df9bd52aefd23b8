"""`/gateway-accounts/`, and the order in which a bot tries them."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.views import ApiView
from bots.errors import Invalid, NotFound
from bots.permissions import ApiScope
from bots.selectors import bot_of
from bots.services import Actor
from bots.tenancy import scoped_transaction
from payments import selectors
from payments.api.v1.account_serializers import (
    AccountDetailSerializer,
    AccountSerializer,
    BotOrderSerializer,
    ChangeAccountSerializer,
    NewAccountSerializer,
    SetBotOrderSerializer,
    TestAnswerSerializer,
)
from payments.domain.gateway_names import GatewayName
from payments.models import GatewayAccount
from payments.selectors import AccountHealth
from payments.services import account_settings
from payments.services.bot_accounts import set_bot_order

HEALTH_OF: Final = timedelta(days=7)


@extend_schema(tags=["gateway accounts"])
class AccountList(ApiView, ListAPIView[GatewayAccount]):
    """The organization's accounts; a POST connects one."""

    read_scope = ApiScope.GATEWAYS_READ
    write_scope = ApiScope.GATEWAYS_WRITE
    serializer_class = AccountSerializer
    filters = ("gateway",)
    # Connecting asks the gateway, and no transaction may wait for that.
    in_transaction = False

    def get_queryset(self) -> QuerySet[GatewayAccount]:
        return selectors.gateway_accounts()

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        with scoped_transaction():
            return self.list(request)

    @extend_schema(
        request=NewAccountSerializer, responses={201: AccountSerializer}, operation_id="gateway_accounts_connect"
    )
    def post(self, request: Request) -> Response:
        """Tries the credentials at the gateway and keeps them, encrypted, if it takes them."""
        wanted = NewAccountSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        account = account_settings.add_account(
            organization=self.api_key.organization,
            gateway=GatewayName(wanted.validated_data["gateway"]),
            name=wanted.validated_data["name"],
            credentials=wanted.validated_data["credentials"],
            webhook_secret=wanted.validated_data["webhook_secret"],
            actor=Actor.of_key(self.api_key),
        )
        with scoped_transaction():
            return Response(AccountSerializer(_account(account.pk)).data, status=201)


@extend_schema(tags=["gateway accounts"])
class AccountDetail(ApiView):
    """One account."""

    read_scope = ApiScope.GATEWAYS_READ
    write_scope = ApiScope.GATEWAYS_WRITE
    in_transaction = False

    @extend_schema(responses=AccountDetailSerializer, operation_id="gateway_accounts_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """The account with its health."""
        with scoped_transaction():
            return Response(_shown(pk))

    @extend_schema(
        request=ChangeAccountSerializer,
        responses=AccountDetailSerializer,
        operation_id="gateway_accounts_partial_update",
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Changes what is given. New credentials are tried at the gateway before they are kept."""
        wanted = ChangeAccountSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        account_settings.change_account(
            pk,
            organization_id=self.api_key.organization_id,
            actor=Actor.of_key(self.api_key),
            **wanted.validated_data,
        )
        with scoped_transaction():
            return Response(_shown(pk))

    @extend_schema(responses={204: None}, operation_id="gateway_accounts_switch_off")
    def delete(self, request: Request, pk: UUID) -> Response:
        """Switches it off: it has books, and the charges it made are watched on. A PATCH switches it on again."""
        account_settings.switch_account(
            pk, organization_id=self.api_key.organization_id, active=False, actor=Actor.of_key(self.api_key)
        )
        return Response(status=204)


@extend_schema(tags=["gateway accounts"])
class AccountTest(ApiView):
    """Whether an account works."""

    read_scope = ApiScope.GATEWAYS_READ
    write_scope = ApiScope.GATEWAYS_WRITE
    in_transaction = False

    @extend_schema(request=None, responses=TestAnswerSerializer, operation_id="gateway_accounts_test")
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks the gateway now, and enters the address of its notices there again where that is ours to do."""
        error = account_settings.test_account(pk, organization_id=self.api_key.organization_id)
        with scoped_transaction():
            answer = {"works": error is None, "error": str(error) if error else None, "account": _account(pk)}
            return Response(TestAnswerSerializer(answer).data)


@extend_schema(tags=["gateway accounts"])
class BotAccounts(ApiView):
    """The accounts a bot tries, first to last."""

    read_scope = ApiScope.GATEWAYS_READ
    write_scope = ApiScope.GATEWAYS_WRITE

    @extend_schema(responses=BotOrderSerializer, operation_id="bots_gateway_accounts_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """Its own list, or the organization's order."""
        return Response(_order(pk))

    @extend_schema(
        request=SetBotOrderSerializer, responses=BotOrderSerializer, operation_id="bots_gateway_accounts_update"
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """The whole list at once; an empty one makes the bot follow the organization's order."""
        wanted = SetBotOrderSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        bot_of(pk)
        if "accounts" not in wanted.validated_data:
            raise Invalid("accounts_missing", _("Name the accounts, or none."), field="accounts")
        set_bot_order(
            pk,
            organization_id=self.api_key.organization_id,
            account_ids=wanted.validated_data["accounts"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(_order(pk))


def _account(account_id: UUID) -> GatewayAccount:
    account = selectors.gateway_accounts().filter(pk=account_id).first()
    if account is None:
        raise NotFound("gateway_account_not_found", _("There is no such gateway account."))
    return account


def _shown(account_id: UUID) -> Any:
    account = _account(account_id)
    health = selectors.health_of_accounts(since=timezone.now() - HEALTH_OF).get(account.pk, AccountHealth())
    account.health = health  # type: ignore[attr-defined]
    return AccountDetailSerializer(account).data


def _order(bot_id: UUID) -> Any:
    bot = bot_of(bot_id)
    accounts = list(selectors.accounts_tried_by(bot.pk))
    return BotOrderSerializer({"own": selectors.accounts_of_bot(bot.pk).exists(), "accounts": accounts}).data
