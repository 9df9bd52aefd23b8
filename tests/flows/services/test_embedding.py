"""Subflows from the draft to the run: which versions come along, what is refused, and what goes on whatever happens."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from bots.errors import Invalid
from bots.models import Bot, User
from bots.tenancy import organization_scope
from flows.engine.effects import RequestPayment
from flows.engine.events import ChargeReady, PaymentChanged, PaymentStatus
from flows.models import Flow, FlowVersion, TimelineEntry
from flows.services import test_chats
from flows.services.bot_settings import BotChanges, change_bot
from flows.services.definitions import delete_flow
from flows.services.publishing import publish_version
from flows.web.steps import present_step
from tests.factories.flows import Person, drain, make_bot
from tests.support.flows import Document, a_flow, a_message, a_payment, a_question, an_access
from tests.support.subflows import a_subflow

pytestmark = pytest.mark.django_db


def survey(question: str = "Sua cidade?", **fields: Any) -> Document:
    return a_flow([a_question("ask", question, config={"save_as": "cidade"}, next="bye"), an_access("bye")], **fields)


def running(*flows: UUID | str, **fields: Any) -> Document:
    ids = [*(f"s{place}" for place in range(len(flows))), "last"]
    steps = [a_subflow(ids[n], str(flow), next=ids[n + 1]) for n, flow in enumerate(flows)]
    return a_flow([*steps, a_question("last", "E agora, {{cidade}}?", next="end"), an_access("end", "Fim")], **fields)


def a_flow_of(bot: Bot, draft: Document, name: str = "F") -> Flow:
    with organization_scope(bot.organization_id):
        return Flow.objects.create(organization_id=bot.organization_id, bot=bot, name=name, draft=draft)


def publish(flow: Flow, draft: Document | None = None) -> FlowVersion:
    if draft is not None:
        Flow.unscoped.filter(pk=flow.pk).update(draft=draft)
    with organization_scope(flow.organization_id):
        return publish_version(flow.pk)


def activate(flow: Flow) -> None:
    with organization_scope(flow.organization_id):
        change_bot(flow.bot_id, BotChanges(active_flow=flow.pk, flow_enabled=True))


def problems_of(flow: Flow, draft: Document | None = None) -> list[tuple[str, str | None, str]]:
    """What refuses its publication."""
    with pytest.raises(Invalid) as refused:
        publish(flow, draft)
    return [(one.code, one.step_id, one.message) for one in refused.value.problems if one.is_error]


def a_published(bot: Bot, draft: Document | None = None, name: str = "Pesquisa") -> Flow:
    flow = a_flow_of(bot, draft or survey(), name)
    publish(flow)
    return flow


@pytest.fixture
def bot() -> Bot:
    return make_bot(main_buttons=[])


# What comes along


def test_a_version_carries_its_subflows_as_they_are_published_now(bot: Bot) -> None:
    inner = a_published(bot)
    second = publish(inner, survey("Seu bairro?"))
    version = publish(a_flow_of(bot, running(inner.pk)))
    assert version.embedded == {
        "subflows": {str(inner.pk): str(second.pk)},
        "versions": {
            str(second.pk): {
                "flow": str(inner.pk),
                "name": "Pesquisa",
                "number": 2,
                "subflows": {},
                "definition": second.definition,
            }
        },
    }


def test_what_a_subflow_was_published_with_comes_along_unchanged(bot: Bot) -> None:
    inner = a_published(bot)
    first = inner.versions(manager="unscoped").get()
    middle = a_published(bot, running(inner.pk), "Meio")
    second = publish(inner, survey("Seu bairro?"))
    version = publish(a_flow_of(bot, running(inner.pk, middle.pk)))
    of_middle = version.embedded["versions"][version.embedded["subflows"][str(middle.pk)]]
    assert of_middle["subflows"] == {str(inner.pk): str(first.pk)}
    assert version.embedded["subflows"][str(inner.pk)] == str(second.pk)
    assert version.embedded["versions"].keys() >= {str(first.pk), str(second.pk)}


def test_a_version_without_subflows_carries_nothing(bot: Bot) -> None:
    assert publish(a_flow_of(bot, survey())).embedded == {}


def test_the_database_refuses_to_change_what_is_carried(bot: Bot) -> None:
    version = publish(a_flow_of(bot, running(a_published(bot).pk)))
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE flows_flowversion SET embedded = '{}' WHERE id = %s", [version.pk])


def test_a_change_of_the_bots_buttons_publishes_the_same_subflows_even_if_they_were_deleted_since(bot: Bot) -> None:
    inner = a_published(bot)
    outer = a_flow_of(bot, running(inner.pk))
    first = publish(outer)
    activate(outer)
    publish(inner, survey("Outra pergunta?"))
    with organization_scope(bot.organization_id):
        delete_flow(inner.pk)
        change_bot(bot.pk, BotChanges(welcome_message="Oi!"))
    newest = FlowVersion.unscoped.filter(flow=outer).latest("number")
    assert (newest.number, newest.definition["welcome_message"]) == (2, "Oi!")
    assert newest.embedded == first.embedded


# What is refused


def test_a_flow_that_is_not_there_not_published_deleted_or_anothers_is_refused(bot: Bot) -> None:
    deleted = a_published(bot)
    with organization_scope(bot.organization_id):
        delete_flow(deleted.pk)
    other_bot = make_bot(bot.organization)
    for flow_id in (
        uuid4(),
        "no id at all",
        a_flow_of(bot, survey()).pk,
        deleted.pk,
        a_published(other_bot).pk,
        a_published(make_bot()).pk,
    ):
        outer = a_flow_of(bot, running(flow_id))
        assert [found[:2] for found in problems_of(outer)] == [("unknown_flow", "s0")], flow_id
    assert not FlowVersion.unscoped.exclude(embedded={}).exists()


def test_a_flow_that_runs_itself_is_refused_and_the_whole_way_is_named(bot: Bot) -> None:
    shop = a_flow_of(bot, survey(), "Loja")
    publish(shop)
    middle = a_published(bot, running(shop.pk), "Meio")
    inner = a_published(bot, running(middle.pk), "Dentro")
    assert problems_of(shop, running(shop.pk)) == [
        ("subflow_cycle", "s0", "Este fluxo executaria a si mesmo dentro de si: Loja → Loja.")
    ]
    assert problems_of(shop, running(inner.pk)) == [
        ("subflow_cycle", "s0", "Este fluxo executaria a si mesmo dentro de si: Loja → Dentro → Meio → Loja.")
    ]
    # The draft says so before anybody tries to publish it.
    shop.refresh_from_db()
    assert [problem.code for problem in shop.problems() if problem.is_error] == ["subflow_cycle"]


@pytest.mark.parametrize("forged", ["nothing", "definition", "pins", "foreign"])
def test_no_way_in_carries_what_was_not_published(bot: Bot, forged: str) -> None:
    inner = a_published(bot)
    outer = a_flow_of(bot, running(inner.pk))
    embedded = publish(outer).embedded
    (version_id,) = embedded["versions"]
    match forged:
        case "nothing":
            embedded = {}
        case "definition":
            embedded["versions"][version_id]["definition"] = survey("Outra?")
        case "pins":
            embedded["versions"][version_id]["subflows"] = {str(inner.pk): version_id}
        case "foreign":
            foreign = a_published(make_bot())
            theirs = FlowVersion.unscoped.get(flow=foreign)
            embedded["subflows"] = {str(inner.pk): str(theirs.pk)}
            embedded["versions"] = {
                str(theirs.pk): {**embedded["versions"][version_id], "definition": theirs.definition}
            }
    with organization_scope(bot.organization_id), pytest.raises(ValidationError):
        FlowVersion(
            organization_id=bot.organization_id,
            bot=bot,
            flow=outer,
            kind="published",
            number=9,
            definition=outer.draft,
            embedded=embedded,
            content_hash="x",
        ).save()
    assert FlowVersion.unscoped.filter(flow=outer).count() == 1


# Running


def test_a_run_goes_through_a_subflow_and_back_in_the_versions_it_began_with(bot: Bot) -> None:
    inner = a_published(bot)
    outer = a_flow_of(bot, running(inner.pk))
    publish(outer)
    activate(outer)
    ana = Person(bot)
    ana.start()
    drain()
    assert (ana.texts[-1], ana.top.step_id) == ("Sua cidade?", "s0")
    step = present_step(ana.top)
    assert step is not None
    assert step.id == "s0 › ask"
    # Whatever happens to the flow meanwhile.
    publish(inner, a_flow([a_message("ask", "Mudou", next="bye"), an_access("bye")]))
    with organization_scope(bot.organization_id):
        delete_flow(inner.pk)
    ana.say("Recife")
    drain()
    assert (ana.texts[-1], ana.top.step_id) == ("E agora, Recife?", "last")
    inside = TimelineEntry.unscoped.filter(run_id=ana.top.pk, step_id="ask", kind="entered").get()
    assert inside.data == {"subflow": str(FlowVersion.unscoped.get(flow=inner, number=1).pk)}
    # And new runs of the version that carries it.
    bia = Person(bot)
    bia.start()
    drain()
    assert bia.texts == ["Sua cidade?"]


def test_a_charge_made_inside_is_of_the_subflows_version_and_is_served_there(bot: Bot) -> None:
    sale = a_flow(
        [
            a_payment("last", config={"pending_minutes": 10}, next="vip", pending="bye"),
            an_access("vip", "Seu acesso"),
            an_access("bye", "Até"),
        ]
    )
    inner = a_published(bot, sale, "Venda")
    outer = a_flow_of(bot, running(inner.pk))
    publish(outer)
    activate(outer)
    ana = Person(bot)
    ana.start()
    drain()
    asked = next(row for row in ana.outbox if row.topic == "payment.request")
    version = FlowVersion.unscoped.get(flow=inner)
    assert asked.payload["version_id"] == str(version.pk)
    assert [(one.step_id, one.version_id) for one in ana.effects if isinstance(one, RequestPayment)] == [
        ("last", version.pk)
    ]
    run = ana.top
    payment = uuid4()
    ana.happen(ChargeReady(1, payment, "000201", 2990, "BRL"), run_id=run.pk)
    drain()
    assert [frame["step_id"] for frame in ana.top.state["frames"]] == ["s0"]
    ana.happen(
        PaymentChanged(1, payment, uuid4(), PaymentStatus.PAID, 2990, "BRL", datetime(2026, 3, 2, tzinfo=UTC)),
        run_id=run.pk,
    )
    drain()
    assert ana.texts[-2:] == ["Seu acesso", "E agora, ?"]
    assert (ana.top.pk, ana.top.step_id, ana.top.state["frames"]) == (run.pk, "last", [])


def test_a_paid_run_that_had_ended_is_reopened_inside_its_subflow(bot: Bot) -> None:
    sale = a_flow(
        [
            a_payment("pay", next="vip", pending="bye", config={"pending_minutes": 10}),
            a_question("vip", "Seu nome?", next="bye"),
            an_access("bye", "Até"),
        ]
    )
    inner = a_published(bot, sale, "Venda")
    outer = a_flow_of(bot, running(inner.pk))
    publish(outer)
    activate(outer)
    ana = Person(bot)
    ana.start()
    drain()
    first = ana.top
    Flow.unscoped.filter(pk=outer.pk).update(active=True)
    first.state["started_at"] = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    type(first).unscoped.filter(pk=first.pk).update(state=first.state)
    ana.start()
    drain()
    second = ana.top
    assert second.pk != first.pk
    ana.happen(
        PaymentChanged(1, uuid4(), uuid4(), PaymentStatus.PAID, 2990, "BRL", datetime(2026, 3, 2, tzinfo=UTC)),
        run_id=first.pk,
    )
    drain()
    assert (ana.top.pk, ana.top.step_id, ana.top.state["step_id"]) == (first.pk, "s0", "vip")
    assert ana.texts[-1] == "Seu nome?"


def test_the_test_chat_of_a_draft_runs_what_is_published_now(bot: Bot) -> None:
    rita = User.objects.create_user("rita@example.com", name="Rita")
    inner = a_published(bot)
    outer = a_flow_of(bot, running(inner.pk))

    def opened() -> FlowVersion:
        with organization_scope(bot.organization_id):
            return test_chats.open_test_chat(outer.pk, user=rita).version

    first = opened()
    assert (first.kind, list(first.embedded["subflows"])) == ("test", [str(inner.pk)])
    assert opened().pk == first.pk
    publish(inner, survey("Seu bairro?"))
    second = opened()
    assert second.pk != first.pk
    (carried,) = second.embedded["versions"].values()
    assert carried["number"] == 2
