"""A flow with its draft, and the immutable versions made from it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from bots.storable import dump_json
from flows.catalogue import catalogue_of
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.embedded import read_embedded
from flows.engine.problems import DEFAULT_LOCALE, Problem
from flows.engine.subflows import facts_carried
from flows.engine.validation import validate


def language() -> str:
    """The language problems are told in: that of the request, else the default."""
    return get_language() or DEFAULT_LOCALE


def validation_error(problem: Problem) -> ValidationError:
    """A problem as a form shows it: the step first."""
    told = f"{problem.step_id}: {problem.message}" if problem.step_id else problem.message
    return ValidationError(told, code=problem.code)


class Flow(TenantModel):
    """What an owner edits. Contacts run its versions, never its draft."""

    bot = tenant_fk("bots.Bot", on_delete=models.PROTECT, related_name="flows", verbose_name=_("bot"))
    name = models.CharField(_("name"), max_length=120)
    draft = models.JSONField(_("draft"), default=dict)
    draft_revision = models.PositiveIntegerField(_("revision of the draft"), default=1)
    active = models.BooleanField(_("active"), default=False)
    closed = models.BooleanField(_("closed to new people"), default=False)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["organization", "bot"], name="flow_by_bot")]
        constraints = [
            *tenant_constraints("bot"),
            models.UniqueConstraint(fields=["bot"], condition=models.Q(active=True), name="one_active_flow_per_bot"),
            models.CheckConstraint(
                condition=models.Q(active=False) | models.Q(deleted_at__isnull=True), name="deleted_flow_is_not_active"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A changed draft must be sound to be saved by a form of the staff; the rest of a flow may change whatever its
        draft is like. The members' editor saves drafts with their problems instead (`services.definitions`)."""
        super().clean()
        stored = Flow.unscoped.filter(pk=self.pk).values_list("draft", flat=True).first()
        if self.bot_id is None or stored == self.draft:
            return
        errors = [problem for problem in self.problems() if problem.is_error]
        if errors:
            raise ValidationError({"draft": [validation_error(problem) for problem in errors]})

    def problems(self) -> tuple[Problem, ...]:
        """Every problem of the draft as it would be published now."""
        complete = {**self.draft, **self.bot.flow_fields} if isinstance(self.draft, dict) else self.draft
        catalogue = catalogue_of(self.bot.organization_id, self.bot_id, flow_id=self.pk, flow_name=self.name)
        return validate(complete, catalogue, locale=language())


# As the trigger on the table reads it: the digests of what may be inserted.
_VOUCH = """
SELECT set_config(
    'trilho.checked_versions',
    coalesce(current_setting('trilho.checked_versions', true), '') || ' ' || md5(%s::jsonb::text),
    true
)
"""


class CheckedDefinition(models.JSONField):
    """Asks its row to validate itself at every insert, a bulk one included, so that no way goes around it.

    Raises `ValidationError`. The database takes only what was vouched for in the same transaction, so a statement of
    another hand makes no version; an update is the database's to refuse.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add:
            model_instance.clean()
            _vouch_for(getattr(model_instance, self.attname))
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


def _vouch_for(definition: Any) -> None:
    """Tells the database, until the transaction ends, that this very definition was checked."""
    with connection.cursor() as cursor:
        cursor.execute(_VOUCH, [dump_json(definition)])


def _published_versions(
    organization_id: UUID, bot_id: UUID, version_ids: Iterable[UUID]
) -> dict[UUID, tuple[str, Any, Mapping[str, UUID]]]:
    """Flow, definition and subflows of those of these versions that this bot has published."""
    found = FlowVersion.unscoped.filter(
        pk__in=list(version_ids), organization_id=organization_id, bot_id=bot_id, kind=VersionKind.PUBLISHED.value
    )
    return {
        version_id: (str(flow_id), definition, read_embedded(embedded).subflows)
        for version_id, flow_id, definition, embedded in found.values_list("pk", "flow_id", "definition", "embedded")
    }


class FlowVersion(TenantModel):
    """A definition as it was published, with the versions of its subflows (`flows.engine.embedded`). The database
    refuses to change it; only `test` versions may be deleted.

    A `published` or `test` definition with an error cannot be inserted; a `welcome` version is built by code from the
    bot's own texts and is exempt.
    """

    bot = tenant_fk("bots.Bot", on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    flow = tenant_fk(
        "flows.Flow", on_delete=models.PROTECT, related_name="versions", null=True, blank=True, verbose_name=_("flow")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=[(kind.value, kind.value) for kind in VersionKind])
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    definition = CheckedDefinition(_("definition"))
    embedded = models.JSONField(
        _("subflows"), default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )
    content_hash = models.CharField(_("content hash"), max_length=64)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-created_at"]
        constraints = [
            *tenant_constraints("bot", "flow"),
            models.UniqueConstraint(fields=["flow", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["bot", "content_hash"],
                condition=models.Q(kind=VersionKind.WELCOME.value),
                name="one_welcome_version_per_content",
            ),
            models.UniqueConstraint(
                fields=["flow", "content_hash"],
                condition=models.Q(kind=VersionKind.TEST.value),
                name="one_test_version_per_content",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(kind=VersionKind.PUBLISHED.value, flow__isnull=False, number__isnull=False)
                    | models.Q(kind=VersionKind.WELCOME.value, flow__isnull=True, number__isnull=True)
                    | models.Q(kind=VersionKind.TEST.value, flow__isnull=False, number__isnull=True)
                ),
                name="version_kind_names_its_parts",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}" if self.number is not None else self.kind

    def problems(self) -> tuple[Problem, ...]:
        """Every problem of the definition, against what its organization has now and the subflows it carries."""
        name = self.flow.name if self.flow is not None else ""
        now = catalogue_of(self.organization_id, self.bot_id, flow_id=self.flow_id, flow_name=name)
        carried = read_embedded(self.embedded)
        flow = compile_flow(self.pk, self.definition, kind=VersionKind(self.kind), embedded=self.embedded)
        return validate(self.definition, replace(now, flows=facts_carried(flow, carried)), locale=language())

    def clean(self) -> None:
        super().clean()
        if self.kind == VersionKind.WELCOME.value:
            return
        errors = [problem for problem in self.problems() if problem.is_error]
        if errors:
            raise ValidationError({"definition": [validation_error(problem) for problem in errors]})
        if not self._carries_what_was_published():
            raise ValidationError({"embedded": _("A subflow is not as it was published by this bot.")})

    def _carries_what_was_published(self) -> bool:
        """Whether each version carried is one of this bot's, unchanged, and runs what it was published with."""
        carried = read_embedded(self.embedded)
        flows = {version_id: version.flow_id for version_id, version in carried.versions.items()}
        pinned = [carried.subflows, *(version.subflows for version in carried.versions.values())]
        if any(flows.get(version_id) != flow_id for pins in pinned for flow_id, version_id in pins.items()):
            return False
        published = _published_versions(self.organization_id, self.bot_id, flows) if flows else {}
        return all(
            published.get(version_id) == (version.flow_id, version.definition, version.subflows)
            for version_id, version in carried.versions.items()
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            # Asked here already, so that a refusal leaves the caller's transaction as it was.
            self.clean()
        # What is vouched for holds for one transaction.
        with transaction.atomic():
            super().save(*args, **kwargs)
