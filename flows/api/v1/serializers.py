"""What the API says of bots, flows, versions, runs and timelines."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bots.models import Bot
from flows.api.v1.schema import DRAFT
from flows.engine.texts import LANGUAGES
from flows.models import Flow, FlowVersion, Run, TimelineEntry
from flows.services.starters import StarterCode


@extend_schema_field(DRAFT)
class DefinitionField(serializers.JSONField):
    """A flow definition: any JSON, for the service to judge."""

    def to_internal_value(self, data: Any) -> Any:
        # The base class writes it out to see whether it is JSON, and fails on deep documents.
        return data


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, so that a misspelt one is never silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            refused = serializers.ErrorDetail(_("There is no such field."), code="unknown_field")
            raise serializers.ValidationError({name: [refused] for name in unknown})
        return super().to_internal_value(data)


class ProblemSerializer(serializers.Serializer[Any]):
    """One problem of a definition."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(["error", "warning"])
    step_id = serializers.CharField(allow_null=True)
    field = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField()


class WordingsSerializer(StrictSerializer):
    """A built-in text in the bot's own words, by language; blank or null goes back to ours."""

    def get_fields(self) -> dict[str, Any]:
        """One field per language; their names are no Python names."""
        return {
            language: serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=10_000)
            for language in LANGUAGES
        }


class BotSerializer(serializers.ModelSerializer[Bot]):
    """A bot. Its token is written once and never read."""

    active_flow = serializers.SerializerMethodField()
    texts = serializers.DictField(child=WordingsSerializer(), read_only=True)

    class Meta:
        model = Bot
        fields: ClassVar[Any] = [
            "id",
            "name",
            "username",
            "status",
            "delivery",
            "welcome_message",
            "main_buttons",
            "redirect_buttons",
            "flow_enabled",
            "active_flow",
            "support_contact",
            "texts",
            "created_at",
        ]

    def get_active_flow(self, bot: Bot) -> UUID | None:
        active: list[Flow] = bot.active_flows  # type: ignore[attr-defined]
        return active[0].pk if active else None


class ConnectBotSerializer(StrictSerializer):
    """A bot to connect. `take_over` says that a webhook set elsewhere may be replaced."""

    token = serializers.CharField(max_length=100)
    take_over = serializers.BooleanField(default=False)


class ChangeBotSerializer(StrictSerializer):
    """What to change on a bot; what is left out stays."""

    name = serializers.CharField(required=False, max_length=100)
    welcome_message = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    main_buttons = serializers.ListField(child=serializers.DictField(), required=False, max_length=100)
    redirect_buttons = serializers.ListField(child=serializers.DictField(), required=False, max_length=100)
    flow_enabled = serializers.BooleanField(required=False)
    active_flow = serializers.UUIDField(required=False, allow_null=True)
    support_contact = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    texts = serializers.DictField(child=WordingsSerializer(), required=False)


class FlowSerializer(serializers.ModelSerializer[Flow]):
    """A flow, without its draft."""

    bot = serializers.UUIDField(source="bot_id")

    class Meta:
        model = Flow
        fields: ClassVar[Any] = ["id", "bot", "name", "active", "closed", "draft_revision", "created_at", "updated_at"]


class FlowWithProblemsSerializer(FlowSerializer):
    """A flow just made, and what is wrong with its draft."""

    problems = ProblemSerializer(many=True, read_only=True)

    class Meta(FlowSerializer.Meta):
        fields: ClassVar[Any] = [*FlowSerializer.Meta.fields, "problems"]


class CreateFlowSerializer(StrictSerializer):
    """A new flow: with the draft given, or as a template with its test conversations."""

    bot = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    definition = DefinitionField(required=False)
    template = serializers.ChoiceField([code.value for code in StarterCode], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("definition" in attrs) is ("template" in attrs):
            told = serializers.ErrorDetail(_("Give either a definition or a template."), code="required")
            raise serializers.ValidationError({"definition": [told]})
        return attrs


class FlowTemplateSerializer(serializers.Serializer[Any]):
    """What a new flow may begin as, in the language asked for. `fill_in`: what a seller puts in first."""

    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    fill_in = serializers.ListField(child=serializers.CharField())
    definition = DefinitionField()


class FlowTemplatesSerializer(serializers.Serializer[Any]):
    """All of them, in the shape of every list."""

    results = FlowTemplateSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class VersionSerializer(serializers.ModelSerializer[FlowVersion]):
    """A published version."""

    flow = serializers.UUIDField(source="flow_id")
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)
    definition = DefinitionField()

    class Meta:
        model = FlowVersion
        fields: ClassVar[Any] = ["id", "flow", "number", "note", "created_by", "created_at", "definition"]


class ValidationSerializer(serializers.Serializer[Any]):
    """Whether a draft could be published, and everything that is wrong with it."""

    valid = serializers.BooleanField()
    problems = ProblemSerializer(many=True)


class PublishSerializer(StrictSerializer):
    """How to publish; everybody inside finishes on their version."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class RunSerializer(serializers.ModelSerializer[Run]):
    """One contact's way through one version."""

    bot = serializers.UUIDField(source="bot_id")
    flow = serializers.UUIDField(source="flow_id", allow_null=True)
    version = serializers.UUIDField(source="version_id")
    contact = serializers.UUIDField(source="contact_id")
    step = serializers.CharField(source="step_id", allow_null=True)

    class Meta:
        model = Run
        fields: ClassVar[Any] = [
            "id",
            "bot",
            "flow",
            "version",
            "contact",
            "status",
            "step",
            "entered_at",
            "owes",
            "failure",
            "started_at",
            "ended_at",
        ]


class StartRunSerializer(StrictSerializer):
    """A run to start: a published flow of the contact's bot."""

    contact = serializers.UUIDField()
    flow = serializers.UUIDField()


class AcceptedSerializer(serializers.Serializer[Any]):
    """What was asked for is stored and happens a moment later."""

    accepted = serializers.BooleanField()


class RunEventSerializer(serializers.ModelSerializer[TimelineEntry]):
    """A line of a run's timeline; `event_type` is from the documented list."""

    event_type = serializers.CharField(source="kind")
    step = serializers.CharField(source="step_id", allow_null=True)

    class Meta:
        model = TimelineEntry
        fields: ClassVar[Any] = ["id", "event_type", "step", "data", "at"]
