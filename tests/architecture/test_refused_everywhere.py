"""A definition with an error is refused by every way in: editor, API, staff admin, ORM, and SQL.

The definitions are the failing cases of the checks themselves, so a new check is covered by itself.
"""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from bots.models import Bot
from bots.models.bot import FLOW_FIELDS
from bots.tenancy import organization_scope
from flows.engine.compile import VersionKind
from flows.engine.problem_codes import WARNINGS
from flows.models import Flow, FlowVersion
from flows.models import flow as models_of_flows
from flows.runtime.content import content_hash
from flows.services import definitions
from tests.factories.bots import make_user
from tests.factories.flows import publish
from tests.flows.engine.validation.cases import CASES, CONDITIONS, STRUCTURE, Failing
from tests.support.flows import a_flow
from tests.support.pages import signed_in
from tests.support.partner import make_partner, refusal
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db

ALL = [
    (name, case)
    for name, cases in [*((name, cases.failing) for name, cases in CASES.items()), ("shape", (*STRUCTURE, *CONDITIONS))]
    for case in cases
]


def errors_of(case: Failing) -> set[str]:
    return {code.value for code, _step, _field in case.finds if code not in WARNINGS}


def is_json(case: Failing) -> bool:
    """Whether it can be written at all; what cannot comes only by the ORM."""
    try:
        json.dumps(case.document)
    except TypeError:
        return False
    return True


def named(cases: list[tuple[str, Failing]]) -> list[Any]:
    return [pytest.param(case, id=f"{name}-{'-'.join(sorted(errors_of(case)))}") for name, case in cases]


ERRORS = [(name, case) for name, case in ALL if errors_of(case)]
SENT = [(name, case) for name, case in ERRORS if is_json(case)]
# Pages take longer: one case of each check and error.
SOME = list({(name, *sorted(errors_of(case))): (name, case) for name, case in reversed(SENT)}.values())


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def flow(tenant: Tenant) -> Flow:
    with organization_scope(tenant.organization.pk):
        return Flow.objects.create(organization=tenant.organization, bot=tenant.bot, name="Venda", draft=a_flow())


def know(monkeypatch: pytest.MonkeyPatch, case: Failing) -> None:
    """Wherever a definition is checked, the organization has what the case says."""
    for module in (definitions, models_of_flows):
        monkeypatch.setattr(module, "catalogue_of", lambda *_arguments, **_names: case.catalogue)
    # What the flows it runs are like is read from what a version carries; here from the case.
    monkeypatch.setattr(models_of_flows, "facts_carried", lambda *_arguments: case.catalogue.flows)


def prepare(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, case: Failing) -> None:
    """The organization has what the case says, and its bot the welcome message and buttons of the definition: a version
    takes them from there."""
    know(monkeypatch, case)
    document = case.document if isinstance(case.document, dict) else {}
    Bot.unscoped.filter(pk=tenant.bot.pk).update(**{name: document[name] for name in FLOW_FIELDS if name in document})


def force_draft(flow: Flow, document: Any) -> bool:
    """Put a draft where a door has refused even to keep it; False for what the database cannot hold either."""
    try:
        with transaction.atomic():
            Flow.unscoped.filter(pk=flow.pk).update(draft=document)
    except (DataError, IntegrityError):
        return False
    return True


def test_every_check_with_an_error_is_here() -> None:
    assert {name for name, _case in SOME} == {name for name, _case in ERRORS}
    assert len(ERRORS) > 150


@pytest.mark.parametrize("case", named(SENT))
def test_the_api_refuses(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, flow: Flow, case: Failing) -> None:
    prepare(monkeypatch, tenant, case)
    partner = make_partner(tenant.organization)
    saved = partner.put(f"flows/{flow.pk}/draft/", case.document, If_Match="*")
    if saved.status_code == 200:
        assert errors_of(case) <= {problem["code"] for problem in saved.json()["problems"]}
        assert partner.post(f"flows/{flow.pk}/validate/").json()["valid"] is False
    else:
        assert refusal(saved)["code"] in ("definition_unreadable", "parse_error")
        if not force_draft(flow, case.document):
            return
    told = refusal(partner.post(f"flows/{flow.pk}/publish/", {}))
    assert (told["status"], told["code"]) == (422, "definition_invalid")
    assert errors_of(case) <= {error["code"] for error in told["errors"]}
    assert not FlowVersion.unscoped.exists()


@pytest.mark.parametrize("case", named(ERRORS))
def test_the_orm_refuses(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, flow: Flow, case: Failing) -> None:
    know(monkeypatch, case)

    def version() -> FlowVersion:
        return FlowVersion(
            organization=tenant.organization,
            bot=tenant.bot,
            flow=flow,
            kind=VersionKind.PUBLISHED.value,
            number=1,
            definition=case.document,
            content_hash=content_hash(a_flow()),
        )

    for way_in in (
        lambda: version().save(),
        lambda: version().save(force_insert=True),
        lambda: version().save_base(force_insert=True),
        lambda: FlowVersion.objects.bulk_create([version()]),
        lambda: FlowVersion.unscoped.bulk_create([version()]),
        lambda: FlowVersion.objects.filter(flow=flow).bulk_create([version()]),
    ):
        with (
            organization_scope(tenant.organization.pk),
            pytest.raises(ValidationError) as refused,
            transaction.atomic(),
        ):
            way_in()
        assert errors_of(case) <= {error.code for error in refused.value.error_dict["definition"]}
    assert not FlowVersion.unscoped.exists()


@pytest.mark.parametrize("case", named(SOME))
def test_the_editor_refuses(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, flow: Flow, case: Failing) -> None:
    prepare(monkeypatch, tenant, case)
    member = signed_in(tenant.owner)
    body = json.dumps({"definition": json.dumps(case.document), "revision": 1})
    saved = member.post(reverse("flow_save", args=[flow.pk]), body, content_type="application/json")
    if saved.status_code == 200:
        assert saved.json()["publishable"] is False
        assert errors_of(case) <= {problem["code"] for problem in saved.json()["problems"]}
    else:
        assert saved.status_code in (400, 422)
        if not force_draft(flow, case.document):
            return
    answer = member.post(reverse("flow_publish", args=[flow.pk]))
    assert answer.status_code == 422
    assert errors_of(case) <= {problem.code for problem in answer.context["problems"]}
    assert not FlowVersion.unscoped.exists()


@pytest.mark.parametrize("case", named(SOME))
def test_the_staff_admin_refuses_and_names_the_step(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, flow: Flow, case: Failing
) -> None:
    prepare(monkeypatch, tenant, case)
    staff = Client()
    staff.force_login(make_user(is_staff=True, is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    sent = {"name": "Venda", "draft": json.dumps(case.document), "seen_revision": 1}
    answer = staff.post(reverse("admin:flows_flow_change", args=[flow.pk]), sent)
    assert answer.status_code == 200
    told = answer.context["adminform"].form.errors["draft"]
    steps = {step for code, step, _field in case.finds if step and code not in WARNINGS}
    assert all(any(text.startswith(f"{step}: ") for text in told) for step in steps)
    assert Flow.unscoped.get(pk=flow.pk).draft == a_flow()

    if not force_draft(flow, case.document):
        return
    staff.post(reverse("admin:flows_flow_publish", args=[flow.pk]), {"_form_submitted": "True"})
    shown = get_messages(staff.get(reverse("admin:flows_flow_change", args=[flow.pk])).wsgi_request)
    assert [message.level_tag for message in shown].count("error") > 1
    assert not FlowVersion.unscoped.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE flows_flowversion SET definition = %(broken)s WHERE id = %(id)s",
        "UPDATE flows_flowversion SET kind = 'test', number = NULL WHERE id = %(id)s",
        "UPDATE flows_flowversion SET note = 'x' WHERE id = %(id)s",
        "DELETE FROM flows_flowversion WHERE id = %(id)s",
    ],
)
def test_sql_cannot_change_or_delete_a_version(tenant: Tenant, statement: str) -> None:
    version = publish(tenant.bot, a_flow())
    broken = json.dumps(a_flow([{"id": "a", "type": "no-such-type"}]))
    refused = pytest.raises(IntegrityError, match="cannot be changed or deleted")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"broken": broken, "id": version.pk})
    assert FlowVersion.unscoped.get(pk=version.pk).definition == a_flow()


INSERT = """
INSERT INTO flows_flowversion
    (id, organization_id, bot_id, flow_id, kind, number, definition, embedded, content_hash, note, created_at)
SELECT gen_random_uuid(), organization_id, bot_id, id, %(kind)s, %(number)s, %(definition)s, '{}', 'x', '', now()
FROM flows_flow WHERE id = %(flow)s
"""


@pytest.mark.parametrize(("kind", "number"), [("published", 7), ("test", None)])
@pytest.mark.parametrize("definition", [a_flow([{"id": "a", "type": "no-such-type"}]), a_flow()])
def test_sql_cannot_make_a_version_sound_or_not(
    flow: Flow, kind: str, number: int | None, definition: dict[str, Any]
) -> None:
    values = {"kind": kind, "number": number, "definition": json.dumps(definition), "flow": flow.pk}
    refused = pytest.raises(IntegrityError, match="made by publishing")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, values)
    assert not FlowVersion.unscoped.exists()


def test_what_was_vouched_for_lets_nothing_else_in_with_it(tenant: Tenant, flow: Flow) -> None:
    broken = json.dumps(a_flow([{"id": "a", "type": "no-such-type"}]))

    def smuggle() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            publish(tenant.bot, a_flow(), flow=flow, active=False)
            cursor.execute(INSERT, {"kind": "published", "number": 7, "definition": broken, "flow": flow.pk})

    with pytest.raises(IntegrityError, match="made by publishing"):
        smuggle()
    assert not FlowVersion.unscoped.exists()


def test_rows_loaded_as_they_were_written_down_make_no_version(tenant: Tenant) -> None:
    version = publish(tenant.bot, a_flow())
    version.pk, version.number = uuid4(), 7

    @transaction.atomic
    def load() -> None:
        connection.cursor().execute("SELECT set_config('trilho.checked_versions', '', true)")
        version.save_base(raw=True, force_insert=True)

    with pytest.raises(IntegrityError, match="made by publishing"):
        load()


def test_the_orm_cannot_change_or_delete_a_version(tenant: Tenant) -> None:
    version = publish(tenant.bot, a_flow())
    version.definition = a_flow([{"id": "a", "type": "no-such-type"}])
    for way_in in (
        version.save,
        lambda: FlowVersion.unscoped.filter(pk=version.pk).update(definition=version.definition),
        lambda: FlowVersion.unscoped.bulk_update([version], ["definition"]),
        lambda: FlowVersion.unscoped.filter(pk=version.pk).delete(),
        version.delete,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            way_in()
    assert FlowVersion.unscoped.get(pk=version.pk).definition == a_flow()
