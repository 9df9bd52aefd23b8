"""What every table is made of: keys, owners, and the constraint that keeps two organizations apart."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bots.ids import uuid7
from bots.tenancy import ScopeBreached, ScopeKind, TenantManager, UnscopedManager, current_scope

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")


class TenantKey(models.ForeignKey[_Set, _Get]):
    """A foreign key to a tenant table. Its database constraint is the composite one (`TenantForeignKey`), so the
    single-column one is left out; to forms, admin and migrations it is an ordinary ForeignKey."""

    def __init__(self, to: Any, on_delete: Any, **options: Any) -> None:
        super().__init__(to, on_delete, **{**options, "db_constraint": False})

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


tenant_fk = TenantKey


class TenantForeignKey(models.BaseConstraint):
    """`(organization_id, <field>_id)` → `(organization_id, id)`: the database itself cannot hold a row that mixes two
    organizations. Deferred to the commit, as Django's own foreign keys are."""

    create_statement = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(columns)s) REFERENCES %(target)s"
        " (%(target_columns)s) DEFERRABLE INITIALLY DEFERRED"
    )
    # Pending checks of the deferred constraint would forbid altering the table in the same transaction.
    remove_statement = "SET CONSTRAINTS %(name)s IMMEDIATE; ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"

    def __init__(self, field: str, *, name: str | None = None) -> None:
        super().__init__(
            name=name or f"%(app_label)s_%(class)s_{field}_tenant",
            violation_error_code="other_organization",
            violation_error_message=_("This belongs to another organization."),
        )
        self.field = field

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, (self.field,), {"name": self.name}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TenantForeignKey):
            return NotImplemented
        return (self.field, self.name) == (other.field, other.name)

    def __hash__(self) -> int:
        return hash((self.field, self.name))

    def __repr__(self) -> str:
        return f"<TenantForeignKey: {self.field} ({self.name})>"

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return self.create_sql(model, schema_editor)

    def create_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Leaves the statement for the end of the migration, when the table it points to has its composite key."""
        assert schema_editor is not None
        schema_editor.deferred_sql.append(self._statement(self.create_statement, model, schema_editor))
        return ""

    def remove_sql(self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        return self._statement(self.remove_statement, model, schema_editor)

    def _statement(
        self, template: str, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> Statement:
        assert model is not None
        assert schema_editor is not None
        field, target = self._field_and_target(model)
        quote = schema_editor.quote_name
        return Statement(
            template,
            table=Table(model._meta.db_table, quote),
            name=quote(self.name),
            columns=Columns(model._meta.db_table, ["organization_id", field.column], quote),
            target=Table(target._meta.db_table, quote),
            target_columns=Columns(target._meta.db_table, ["organization_id", "id"], quote),
        )

    def validate(
        self, model: type[models.Model], instance: models.Model, exclude: set[str] | None = None, using: str = "default"
    ) -> None:
        """For forms and the admin, which ask before the database would."""
        field, target = self._field_and_target(model)
        target_id = getattr(instance, field.attname)
        if target_id is None or self.field in (exclude or ()):
            return
        organization_id = instance.organization_id  # type: ignore[attr-defined]
        if not target._base_manager.using(using).filter(pk=target_id, organization_id=organization_id).exists():
            message = str(self.violation_error_message)
            raise ValidationError({self.field: ValidationError(message, self.violation_error_code)})

    def _field_and_target(self, model: type[models.Model]) -> tuple["models.ForeignKey[Any, Any]", type[models.Model]]:
        field = model._meta.get_field(self.field)
        assert isinstance(field, models.ForeignKey)
        target = field.related_model
        assert isinstance(target, type)
        return field, target


def tenant_constraints(*fields: str) -> list[models.BaseConstraint]:
    """What every tenant table has in `Meta.constraints`: its composite key, and one composite foreign key for each
    named `tenant_fk` field."""
    return [
        models.UniqueConstraint(fields=["organization", "id"], name="%(app_label)s_%(class)s_tenant"),
        *(TenantForeignKey(field) for field in fields),
    ]


def refuse_other_scope(row: models.Model, organization_id: uuid.UUID | None) -> None:
    """Raise ScopeBreached where a row of one organization is written in the scope of another."""
    scope = current_scope()
    if scope and scope.kind is ScopeKind.ORGANIZATION and organization_id != scope.organization_id:
        raise ScopeBreached(f"{type(row).__name__} belongs to another organization than the active one.")


class Identified(models.Model):
    """A table with a UUIDv7 key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class TimestampedModel(Identified):
    """A table that knows when its rows were made."""

    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


class TenantModel(TimestampedModel):
    """A table whose rows belong to one organization.

    `objects` fails closed (see `bots.tenancy`); `unscoped` says aloud that it does not look at whose rows they are.
    A subclass writes `class Meta(TenantModel.Meta)` and `constraints = [*tenant_constraints("bot"), ...]`.
    """

    # Its index is the composite key's, which begins with it.
    organization = models.ForeignKey(
        "bots.Organization", on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("organization")
    )

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    unscoped: ClassVar[UnscopedManager[Self]] = UnscopedManager()

    class Meta:
        abstract = True
        # Following a key from a row one holds cannot leave the organization: the composite keys see to that.
        base_manager_name = "unscoped"
        constraints = tenant_constraints()

    def save(self, *args: Any, **kwargs: Any) -> None:
        refuse_other_scope(self, self.organization_id)
        super().save(*args, **kwargs)


class PartitionedModel(Identified):
    """A table of one organization's many rows, kept in monthly partitions by key (see `bots.partitions`).

    Nothing has a foreign key to it, and it has none: rows are dropped by the month.
    """

    organization_id = models.UUIDField(_("organization"))

    # A month is dropped once its youngest row could be older than this.
    partition_retention: ClassVar[timedelta] = timedelta(days=90)

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    unscoped: ClassVar[UnscopedManager[Self]] = UnscopedManager()

    class Meta:
        abstract = True
        base_manager_name = "unscoped"


def is_tenant_table(model: type[models.Model]) -> bool:
    """Whether rows of this model belong to an organization."""
    try:
        model._meta.get_field("organization_id" if issubclass(model, PartitionedModel) else "organization")
    except FieldDoesNotExist:
        return False
    return True
