"""A version is what people inside it were promised: made through one door, changed by nobody."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from bots.models import Bot
from bots.tenancy import organization_scope
from flows.engine.compile import VersionKind
from flows.models import Flow, FlowVersion
from tests.factories.flows import make_bot, publish, two_questions
from tests.support.flows import a_flow, a_question

pytestmark = pytest.mark.django_db

BROKEN = a_flow([a_question("ask", next="nowhere")])


def a_version(kind: VersionKind = VersionKind.PUBLISHED) -> FlowVersion:
    bot = make_bot()
    if kind is VersionKind.PUBLISHED:
        return publish(bot, two_questions())
    with organization_scope(bot.organization_id):
        flow = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="F")
        version = new_version(bot, flow if kind is VersionKind.TEST else None, kind=kind.value)
        version.save(force_insert=True)
    return version


def new_version(bot: Bot, flow: Flow | None, **fields: object) -> FlowVersion:
    values = {"definition": two_questions(), "content_hash": "x", **fields}
    return FlowVersion(organization_id=bot.organization_id, bot=bot, flow=flow, **values)


def by_save(version: FlowVersion) -> None:
    version.definition = {}
    version.save()


def by_queryset(version: FlowVersion) -> None:
    FlowVersion.unscoped.filter(pk=version.pk).update(note="changed")


def by_sql(version: FlowVersion) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE flows_flowversion SET number = 9 WHERE id = %s", [version.pk])


@pytest.mark.parametrize("kind", list(VersionKind))
@pytest.mark.parametrize("change", [by_save, by_queryset, by_sql])
def test_no_way_in_changes_a_version(change: Callable[[FlowVersion], None], kind: VersionKind) -> None:
    version = a_version(kind)
    with (
        pytest.raises(DatabaseError, match="cannot be changed"),
        transaction.atomic(),
        organization_scope(version.organization_id),
    ):
        change(version)
    assert FlowVersion.unscoped.get().definition == two_questions()


@pytest.mark.parametrize("kind", [VersionKind.PUBLISHED, VersionKind.WELCOME])
def test_no_way_in_deletes_a_version(kind: VersionKind) -> None:
    version = a_version(kind)
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        version.delete()
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM flows_flowversion")


def test_a_test_version_may_be_deleted() -> None:
    a_version(VersionKind.TEST).delete()
    assert FlowVersion.unscoped.count() == 0


@pytest.mark.parametrize("kind", [VersionKind.PUBLISHED, VersionKind.TEST])
def test_saving_a_version_with_an_error_is_refused(kind: VersionKind) -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id):
        flow = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="F")
        number = 1 if kind is VersionKind.PUBLISHED else None
        with pytest.raises(ValidationError) as refused:
            new_version(bot, flow, kind=kind.value, number=number, definition=BROKEN).save()
    assert "ask" in str(refused.value)
    assert FlowVersion.unscoped.count() == 0


@pytest.mark.parametrize(
    ("kind", "with_flow", "number"),
    [
        (VersionKind.PUBLISHED, True, None),
        (VersionKind.PUBLISHED, False, 1),
        (VersionKind.WELCOME, True, None),
        (VersionKind.WELCOME, False, 1),
        (VersionKind.TEST, False, None),
        (VersionKind.TEST, True, 1),
    ],
)
def test_a_version_names_exactly_what_its_kind_has(kind: VersionKind, with_flow: bool, number: int | None) -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id):
        flow = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="F") if with_flow else None
        with pytest.raises(IntegrityError), transaction.atomic():
            new_version(bot, flow, kind=kind.value, number=number).save()


def test_two_versions_of_a_flow_have_two_numbers() -> None:
    version = a_version()
    with organization_scope(version.organization_id), pytest.raises(IntegrityError), transaction.atomic():
        new_version(version.bot, version.flow, kind="published", number=1).save()


def test_one_flow_of_a_bot_is_active() -> None:
    version = a_version()
    with organization_scope(version.organization_id), pytest.raises(IntegrityError), transaction.atomic():
        Flow.objects.create(organization_id=version.organization_id, bot=version.bot, name="G", active=True)
