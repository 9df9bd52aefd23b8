"""What the API says of bots, flows, versions, runs and timelines."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bots.api.serializers import StrictSerializer
from bots.models import Bot
from flows.api.v1.schema import DRAFT
from flows.engine.difference import Change, FieldChange
from flows.engine.difference_words import path_words
from flows.engine.events import Fate, StepChoice
from flows.engine.problems import DEFAULT_LOCALE
from flows.engine.texts import LANGUAGES
from flows.models import Flow, FlowVersion, Run, TimelineEntry
from flows.services.impact import StepFate, StepImpact
from flows.services.publishing import Seen
from flows.services.starters import StarterCode
from flows.standing_still import Kind


@extend_schema_field(DRAFT)
class DefinitionField(serializers.JSONField):
    """A flow definition: any JSON, for the service to judge."""

    def to_internal_value(self, data: Any) -> Any:
        # The base class writes it out to see whether it is JSON, and fails on deep documents.
        return data


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
    texts = serializers.DictField(child=serializers.DictField(child=serializers.CharField()), read_only=True)

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
    embedded = serializers.JSONField(
        read_only=True,
        help_text="Which version each subflow is, by flow, and those versions; empty where there is none.",
    )

    class Meta:
        model = FlowVersion
        fields: ClassVar[Any] = ["id", "flow", "number", "note", "created_by", "created_at", "definition", "embedded"]


class ValidationSerializer(serializers.Serializer[Any]):
    """Whether a draft could be published, and everything that is wrong with it."""

    valid = serializers.BooleanField()
    problems = ProblemSerializer(many=True)


class ChangeFlowSerializer(StrictSerializer):
    """What to change on a flow; what is left out stays."""

    name = serializers.CharField(required=False, max_length=120)
    closed = serializers.BooleanField(required=False)


class ChoiceSerializer(StrictSerializer):
    """What becomes of whoever waits at `step`; without a choice they finish on their version."""

    step = serializers.CharField(max_length=64)
    action = serializers.ChoiceField(["finish", *Fate])
    to_step = serializers.CharField(required=False, allow_null=True, max_length=64)
    message = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=4096)


class SeenSerializer(StrictSerializer):
    """What was looked at before: the draft's revision (its `ETag`) and the newest version's number, null for none."""

    revision = serializers.IntegerField(min_value=0)
    number = serializers.IntegerField(allow_null=True, min_value=0)

    def to_internal_value(self, data: Any) -> Seen:
        given = super().to_internal_value(data)
        return Seen(given["revision"], given["number"])


class PublishSerializer(StrictSerializer):
    """How to publish. `seen`: 409 if the draft or the newest version is another by now."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    choices = ChoiceSerializer(many=True, required=False, default=[])
    apply_texts = serializers.BooleanField(required=False, default=False)
    seen = SeenSerializer(required=False, allow_null=True, default=None)


def choices_of(given: Iterable[Mapping[str, Any]]) -> dict[str, StepChoice]:
    """The choices as the service takes them; to finish where one is, is none."""
    return {
        one["step"]: StepChoice(Fate(one["action"]), step_id=one.get("to_step"), message=one.get("message"))
        for one in given
        if one["action"] != "finish"
    }


class StepPeopleSerializer(serializers.Serializer[Any]):
    """How many people of one version wait at a step."""

    version = serializers.IntegerField()
    people = serializers.IntegerField()


class StepImpactSerializer(serializers.Serializer[Any]):
    """People at one step; `owed` of them paid and wait for it, and finish on their version whatever is chosen."""

    step = serializers.CharField(source="step_id")
    type = serializers.CharField()
    change = serializers.ChoiceField(list(StepFate), source="fate")
    people = serializers.IntegerField()
    owed = serializers.IntegerField()
    versions = serializers.SerializerMethodField()

    @extend_schema_field(StepPeopleSerializer(many=True))
    def get_versions(self, step: StepImpact) -> list[dict[str, int]]:
        return [{"version": number, "people": people} for number, people in step.versions]


class ImpactSerializer(serializers.Serializer[Any]):
    """What publishing the draft now would change for whoever is inside."""

    since = serializers.IntegerField(allow_null=True)
    revision = serializers.IntegerField()
    people = serializers.IntegerField()
    texts_only = serializers.BooleanField()
    steps = StepImpactSerializer(many=True)


class FieldChangeSerializer(serializers.Serializer[Any]):
    """One field; `label` says in words where it is, in the language of the request."""

    field = serializers.SerializerMethodField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]  # a field of ours, not the form's word
    change = serializers.ChoiceField(list(Change), source="kind")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)

    def get_field(self, change: FieldChange) -> str:
        return ".".join(map(str, change.path))

    def get_label(self, change: FieldChange) -> str:
        return path_words(change.path, get_language() or DEFAULT_LOCALE)


class StepDifferenceSerializer(serializers.Serializer[Any]):
    """One step that came, went or changed."""

    step = serializers.CharField(source="step_id")
    type = serializers.CharField()
    change = serializers.ChoiceField(list(Change), source="kind")
    texts_only = serializers.BooleanField()
    fields_changed = FieldChangeSerializer(many=True, source="fields")


class DifferenceSerializer(serializers.Serializer[Any]):
    """What differs between two definitions; `rearranged` names steps that only stand elsewhere on the canvas."""

    texts_only = serializers.BooleanField()
    settings = FieldChangeSerializer(many=True)
    bot = FieldChangeSerializer(many=True)
    steps = StepDifferenceSerializer(many=True)
    rearranged = serializers.ListField(child=serializers.CharField())


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


class MoveRunSerializer(StrictSerializer):
    """Where a run is to go on; a step that its version does not have is 422."""

    step = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)


class CloseRunSerializer(StrictSerializer):
    """Why a run is closed. `message` is said to its contact; `despite_owing` closes even one that is paid and not
    served, which stays owed."""

    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    message = serializers.CharField(required=False, allow_blank=True, default="", max_length=4096)
    despite_owing = serializers.BooleanField(required=False, default=False)


class StandingQuerySerializer(serializers.Serializer[Any]):
    """What the address may ask for."""

    kind = serializers.ChoiceField(list(Kind), required=False)
    cursor = serializers.UUIDField(required=False, help_text="From `next` of another page.")
    page_size = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class StandingSerializer(serializers.Serializer[Any]):
    """One thing that cannot go on by itself. `kind` says what `id` is the id of; `message` is its cause in words."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(list(Kind))
    code = serializers.CharField()
    message = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    contact = serializers.UUIDField(allow_null=True)
    run = serializers.UUIDField(allow_null=True)
    step = serializers.CharField(allow_null=True)
    owes = serializers.BooleanField()


class StandingPageSerializer(serializers.Serializer[Any]):
    """A page of them."""

    results = StandingSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class RunEventSerializer(serializers.ModelSerializer[TimelineEntry]):
    """A line of a run's timeline; `event_type` is from the documented list."""

    event_type = serializers.CharField(source="kind")
    step = serializers.CharField(source="step_id", allow_null=True)

    class Meta:
        model = TimelineEntry
        fields: ClassVar[Any] = ["id", "event_type", "step", "data", "at"]
