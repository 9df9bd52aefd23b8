"""The database itself keeps organizations apart: every table is walked, so a new one is covered by itself."""

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from bots.models import Bot, Contact, Organization, User
from bots.models.base import PartitionedModel, TenantModel
from bots.tenancy import staff_scope
from tests.support.tenancy import make_tenant

pytestmark = pytest.mark.django_db

OUR_APPS = ("bots", "outbox", "flows", "payments", "telegram_gateway")
# Tables that belong to no organization, each for a reason.
GLOBAL_TABLES = {
    "bots.user": "a person may work for several",
    "bots.organization": "the tenant itself",
    "outbox.outboxkey": "narrow dedupe keys, purged after 30 days",
    "flows.inboxkey": "narrow dedupe keys, purged after 30 days",
    "flows.drainmark": "what one drain of many organizations is about to try",
}


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OUR_APPS and not model._meta.proxy]


def models_of(base: type[models.Model]) -> list[type[models.Model]]:
    return [model for model in our_models() if issubclass(model, base)]


def constraints_of(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass", [table]
        )
        return dict(cursor.fetchall())


def test_every_table_of_ours_has_an_owner_or_a_reason() -> None:
    ownerless = {
        model._meta.label_lower
        for model in our_models()
        if not issubclass(model, TenantModel | PartitionedModel) and not model._meta.auto_created
    }
    assert ownerless <= set(GLOBAL_TABLES)


@pytest.mark.parametrize("model", models_of(TenantModel), ids=lambda model: model.__name__)
def test_a_tenant_table_has_its_composite_key_and_composite_foreign_keys(model: type[models.Model]) -> None:
    found = constraints_of(model._meta.db_table)
    assert "UNIQUE (organization_id, id)" in found.values()
    for field in model._meta.concrete_fields:
        target = field.related_model
        if not isinstance(target, type) or not issubclass(target, TenantModel):
            continue
        wanted = (
            f"FOREIGN KEY (organization_id, {field.column}) REFERENCES {target._meta.db_table}(organization_id, id)"
            " DEFERRABLE INITIALLY DEFERRED"
        )
        assert wanted in found.values(), f"{model.__name__}.{field.name} has no TenantForeignKey"
        single = f"FOREIGN KEY ({field.column}) REFERENCES {target._meta.db_table}(id)"
        assert not any(text.startswith(single) for text in found.values())


@pytest.mark.parametrize("model", models_of(PartitionedModel), ids=lambda model: model.__name__)
def test_a_partitioned_table_has_no_foreign_keys_and_none_to_it(model: type[models.Model]) -> None:
    table = model._meta.db_table
    assert not [text for text in constraints_of(table).values() if text.startswith("FOREIGN KEY")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE confrelid = %s::regclass", [table])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT relkind FROM pg_class WHERE oid = %s::regclass", [table])
        assert cursor.fetchone() == ("p",)


def test_many_to_many_relations_of_ours_have_models_of_their_own() -> None:
    automatic = {
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.many_to_many
        if field.remote_field.through._meta.auto_created  # type: ignore[union-attr]
    }
    assert automatic == {"bots.User.groups", "bots.User.user_permissions"}


def test_the_database_refuses_a_row_that_mixes_two_organizations() -> None:
    ours, theirs = make_tenant(), make_tenant()
    Contact.unscoped.create(organization=ours.organization, bot=theirs.bot, telegram_user_id=1)
    with pytest.raises(IntegrityError, match="bots_contact_bot_tenant"):
        connection.check_constraints()
    transaction.set_rollback(True)


def test_the_database_refuses_to_move_a_row_to_another_organization() -> None:
    ours, theirs = make_tenant(), make_tenant()
    Bot.unscoped.filter(pk=ours.bot.pk).update(organization=theirs.organization)
    with pytest.raises(IntegrityError, match="tenant"):
        connection.check_constraints()
    transaction.set_rollback(True)


def test_a_form_is_told_before_the_database_refuses() -> None:
    ours, theirs = make_tenant(), make_tenant()
    contact = Contact(organization=ours.organization, bot=theirs.bot, telegram_user_id=1)
    with staff_scope(), pytest.raises(ValidationError) as refused:
        contact.validate_constraints()
    assert refused.value.error_dict["bot"][0].code == "other_organization"
    assert set(refused.value.error_dict) == {"bot"}


def test_deleting_an_organization_takes_its_rows_along() -> None:
    tenant = make_tenant()
    Organization.objects.get(pk=tenant.organization.pk).delete()
    assert not Contact.unscoped.filter(pk=tenant.contact.pk).exists()
    assert User.objects.filter(pk=tenant.owner.pk).exists()
