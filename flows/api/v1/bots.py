"""`/bots/`: connect a bot, read it, change its texts, its buttons and the flow it runs."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.views import ApiView
from bots.errors import Invalid, NotFound
from bots.models import Bot
from bots.permissions import ApiScope
from bots.ports import PlatformError
from bots.services import Actor, connect_bot
from bots.tenancy import scoped_transaction
from flows.api.v1.serializers import BotSerializer, ChangeBotSerializer, ConnectBotSerializer
from flows.models import Flow
from flows.services.bot_settings import BotChanges, change_bot


def _bots() -> QuerySet[Bot]:
    return Bot.objects.prefetch_related(Prefetch("flows", Flow.objects.filter(active=True), to_attr="active_flows"))


def _bot(bot_id: UUID) -> Bot:
    bot = _bots().filter(pk=bot_id).first()
    if bot is None:
        raise NotFound("bot_not_found", _("There is no such bot."))
    return bot


@extend_schema(tags=["bots"])
class BotList(ApiView, ListAPIView[Bot]):
    """The organization's bots; a POST connects one."""

    read_scope = ApiScope.BOTS_READ
    write_scope = ApiScope.BOTS_WRITE
    serializer_class = BotSerializer
    # Connecting asks Telegram, and no transaction may wait for that.
    in_transaction = False

    def get_queryset(self) -> QuerySet[Bot]:
        return _bots()

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        with scoped_transaction():
            return self.list(request)

    @extend_schema(request=ConnectBotSerializer, responses={201: BotSerializer}, operation_id="bots_connect")
    def post(self, request: Request) -> Response:
        """Connects a bot by its token: asks who it is, then sets our webhook or polls it."""
        wanted = ConnectBotSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            bot = connect_bot(
                organization=self.api_key.organization,
                token=wanted.validated_data["token"],
                actor=Actor.of_key(self.api_key),
                take_over=wanted.validated_data["take_over"],
            )
        except PlatformError as refusal:
            if refusal.retryable:
                raise
            raise Invalid(refusal.code, refusal.message, field="token") from None
        with scoped_transaction():
            return Response(BotSerializer(_bot(bot.pk)).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["bots"])
class BotDetail(ApiView):
    """One bot."""

    read_scope = ApiScope.BOTS_READ
    write_scope = ApiScope.BOTS_WRITE

    @extend_schema(responses=BotSerializer, operation_id="bots_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """The bot with its texts, its buttons and the flow it runs."""
        return Response(BotSerializer(_bot(pk)).data)

    @extend_schema(request=ChangeBotSerializer, responses=BotSerializer, operation_id="bots_partial_update")
    def patch(self, request: Request, pk: UUID) -> Response:
        """Changes what is given, or nothing: buttons of a bot with an active flow publish a new version of it."""
        changes = ChangeBotSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        change_bot(pk, BotChanges(**changes.validated_data), actor=Actor.of_key(self.api_key))
        return Response(BotSerializer(_bot(pk)).data)
