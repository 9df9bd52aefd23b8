"""What the API says of gateway accounts. Credentials and secrets go in and never come out."""

from typing import Any, ClassVar

from rest_framework import serializers

from bots.api.serializers import StrictSerializer
from payments.models import GatewayAccount
from payments.models.enums import CONNECTABLE_CHOICES
from payments.services.account_settings import registers_webhook
from payments.services.accounts import webhook_url


class HealthSerializer(serializers.Serializer[Any]):
    """The last seven days. `found_by_asking`: payments no notice told us of; `delay_seconds`: until a notice was
    handled, on average; null where there was none."""

    paid = serializers.IntegerField()
    found_by_asking = serializers.IntegerField()
    found_by_asking_percent = serializers.IntegerField(source="asked_percent")
    notices = serializers.IntegerField()
    forged = serializers.IntegerField()
    delay_seconds = serializers.SerializerMethodField()
    tells_too_little = serializers.BooleanField()

    def get_delay_seconds(self, health: Any) -> int | None:
        return None if health.delay is None else round(health.delay.total_seconds())


class AccountSerializer(serializers.ModelSerializer[GatewayAccount]):
    """A gateway account. `credentials` names those that are set. `webhook_registered_at`: we entered `webhook_url` at
    the gateway ourselves; `webhook_error`: why that failed; `failing_since` and `last_error`: it does not answer."""

    credentials = serializers.SerializerMethodField()
    webhook_url = serializers.SerializerMethodField()
    registers_webhook = serializers.SerializerMethodField()

    class Meta:
        model = GatewayAccount
        fields: ClassVar[Any] = [
            "id",
            "gateway",
            "name",
            "active",
            "position",
            "credentials",
            "webhook_url",
            "registers_webhook",
            "webhook_registered_at",
            "webhook_error",
            "last_webhook_at",
            "last_answer_at",
            "failing_since",
            "last_error",
            "created_at",
        ]

    def get_credentials(self, account: GatewayAccount) -> list[str]:
        return sorted(name for name, value in account.opened_credentials.items() if value)

    def get_webhook_url(self, account: GatewayAccount) -> str:
        return webhook_url(account)

    def get_registers_webhook(self, account: GatewayAccount) -> bool:
        return registers_webhook(account)


class AccountDetailSerializer(AccountSerializer):
    """An account with its health."""

    health = HealthSerializer()

    class Meta(AccountSerializer.Meta):
        fields: ClassVar[Any] = [*AccountSerializer.Meta.fields, "health"]


class NewAccountSerializer(StrictSerializer):
    """An account to be connected; `credentials` are the gateway's own: see the guide. `webhook_secret`: the gateway's,
    where it makes one and you were told it."""

    gateway = serializers.ChoiceField(choices=CONNECTABLE_CHOICES)
    name = serializers.CharField(max_length=80)
    credentials = serializers.DictField(child=serializers.CharField(max_length=1000), write_only=True)
    webhook_secret = serializers.CharField(
        required=False, max_length=1000, allow_blank=True, default="", write_only=True
    )


class ChangeAccountSerializer(StrictSerializer):
    """What is left out stays as it is; of `credentials`, too."""

    name = serializers.CharField(required=False, max_length=80)
    active = serializers.BooleanField(required=False)
    credentials = serializers.DictField(
        required=False, child=serializers.CharField(max_length=1000), allow_empty=False, write_only=True
    )
    webhook_secret = serializers.CharField(required=False, max_length=1000, allow_blank=True, write_only=True)


class TestAnswerSerializer(serializers.Serializer[Any]):
    """Whether the gateway took the credentials, and if not, what it said."""

    works = serializers.BooleanField()
    error = serializers.CharField(allow_null=True)
    account = AccountSerializer()


class BotOrderSerializer(serializers.Serializer[Any]):
    """`own`: the bot has a list of its own; else it follows the organization's order. Accounts first to last."""

    own = serializers.BooleanField()
    accounts = AccountSerializer(many=True)


class SetBotOrderSerializer(StrictSerializer):
    """Ids of accounts, first to last; empty: the bot follows the organization's order. Left out is refused after what
    is not there."""

    accounts = serializers.ListField(required=False, child=serializers.UUIDField(), allow_empty=True, max_length=50)
