"""Publishing while people are inside: every choice, at every step of every template, each person once, nobody lost."""

import copy
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from bots.errors import Invalid, Stale
from bots.models import AuditEntry, Bot, Channel, Contact, User
from bots.tenancy import organization_scope
from flows.engine.codec import load_state
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.events import Fate, OperatorResumed, PaymentChanged, PaymentStatus, StepChoice
from flows.engine.steps.access import AccessStep
from flows.models import Flow, FlowVersion, InboxEvent, InboxSource, Run
from flows.services.impact import StepFate, compared, impact_of
from flows.services.publishing import Seen, close_to_new
from flows.services.starters import StarterCode, starter_definition
from tests.factories.flows import Person, drain, make_bot
from tests.factories.payments import Shop, make_shop
from tests.flows.services.moving import a_running_flow, edit, end, move, of_run, only, publish, someone
from tests.support.flows import Document, a_flow, a_question, an_access, buttons, sales_flow
from tests.support.races import at_once
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db

CARRY = StepChoice(Fate.CARRY)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def flow(shop: Shop) -> Flow:
    return a_running_flow(shop.bot, sales_flow())


def last_lines(person: Person, after: int) -> list[str]:
    return person.timeline(person.runs[0])[after:]


# Every choice, at every step of every template

TEMPLATES = {
    **{code.value: starter_definition(code, "pt-br") for code in StarterCode if code is not StarterCode.BLANK},
    "sales": sales_flow(),
}


def waiting_steps(definition: Document) -> list[str]:
    flow = compile_flow(uuid4(), definition, kind=VersionKind.PUBLISHED)
    # An access ends the run at once, unless it has a chat whose link it waits for.
    return [
        step.id
        for step in flow.steps.values()
        if step.waits and not (isinstance(step, AccessStep) and not step.config.chat)
    ]


PLACES = [(name, step_id) for name, document in TEMPLATES.items() for step_id in waiting_steps(document)]


NAMES_A_STEP = {"id", "target_step", "fallback_step", "next", "pending", "retry", "flow_start_step_id"}


def renamed(definition: Document, step_id: str, new_id: str) -> Document:
    """The step removed, and one like it in its place: whatever led to the one leads to the other."""

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: walk(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        return new_id if value == step_id and name in NAMES_A_STEP else value

    result: Document = walk(definition)
    return result


def reworded(definition: Document, step_id: str) -> Document:
    document = copy.deepcopy(definition)
    for step in document["flow_steps"]:
        if step["id"] == step_id and "text" in step["config"]:
            step["config"]["text"] = "Um texto novo."
    return document


@pytest.mark.parametrize(("template", "step_id"), PLACES, ids=str)
def test_each_choice_does_what_it_says_wherever_somebody_stands(shop: Shop, template: str, step_id: str) -> None:
    document = TEMPLATES[template]
    flow = a_running_flow(shop.bot, document)
    finishing, moving_on, ending, carried = (someone(flow, step_id) for _ in range(4))
    assert {of_run(person) for person in (finishing, moving_on, ending, carried)} == {(1, step_id, "active")}
    lines = {person.telegram_user_id: len(person.timeline()) for person in (finishing, moving_on, ending, carried)}
    said = {person.telegram_user_id: len(person.texts) for person in (finishing, moving_on, ending, carried)}

    # Where only words change, whoever is there goes on without hearing them.
    waiting_elsewhere = [ending, finishing, moving_on]
    with only(carried, instead_of=waiting_elsewhere):
        publish(flow, reworded(document, step_id), choices={step_id: CARRY})
        drain()
    number, place, status = of_run(carried)
    assert (place, status, len(carried.texts)) == (step_id, "active", said[carried.telegram_user_id])
    kept = last_lines(carried, lines[carried.telegram_user_id])
    assert (number, kept) in [(2, ["version_moved"]), (1, ["version_kept"])]
    # Only what waits for an answer from outside keeps its version.
    assert (number == 2) is (step_type(document, step_id) not in ("http", "access", "deliver", "subflow"))

    # Where the step is gone: the three choices.
    removed = renamed(document, step_id, f"{step_id}_2"[:64])
    there = f"{step_id}_2"[:64]
    people = [finishing, moving_on, ending]
    choices = [None, move(there), end("Obrigado, {{first_name}}!")]
    for number, (person, choice) in enumerate(zip(people, choices, strict=True), start=3):
        with only(person, instead_of=[other for other in people if other is not person]):
            publish(flow, removed, choices={step_id: choice} if choice else None)
            drain()
            edit(flow, document)
        outcome, happened = of_run(person), last_lines(person, lines[person.telegram_user_id])
        new_words = person.texts[said[person.telegram_user_id] :]
        if choice is None:
            assert (outcome, happened, new_words) == ((1, step_id, "active"), [], [])
        elif choice.fate is Fate.MOVE:
            assert (outcome, happened[:3]) == (
                (number, f"{step_id}_2"[:64], "active"),
                ["version_moved", "left", "entered"],
            )
        else:
            assert (outcome[0], outcome[2], happened, new_words) == (1, "closed", ["closed"], ["Obrigado, Ana!"])

    assert {row.state for row in InboxEvent.unscoped.filter(bot_id=flow.bot_id)} <= {"done", "ignored"}
    assert Run.unscoped.filter(flow=flow).count() == 4
    for run in Run.unscoped.filter(flow=flow):
        assert load_state(run.state).run_id == run.pk


def step_type(definition: Document, step_id: str) -> str:
    return str(next(step["type"] for step in definition["flow_steps"] if step["id"] == step_id))


# Who it is about


def test_people_of_every_older_version_are_moved_together(flow: Flow) -> None:
    first = someone(flow, "ask_email")
    publish(flow, reworded(sales_flow(), "menu"))
    second, elsewhere = someone(flow, "ask_email"), someone(flow)
    version = publish(flow, renamed(sales_flow(), "ask_email", "ask_name"), choices={"ask_email": move("menu")})
    drain()
    assert (of_run(first), of_run(second)) == ((3, "menu", "active"), (3, "menu", "active"))
    assert of_run(elsewhere) == (2, "menu", "active")
    assert version.number == 3
    entry = AuditEntry.unscoped.filter(action="flow.published").latest("id")
    assert entry.data == {"number": 3, "note": "", "choices": {"ask_email": "move"}, "people": 2}


def test_test_chats_other_flows_and_those_who_are_out_are_not_asked(flow: Flow) -> None:
    simulated, gone = someone(flow, "ask_email"), someone(flow, "bye")
    Contact.unscoped.filter(pk=simulated.contact.pk).update(channel=Channel.SIMULATOR)
    before = InboxEvent.unscoped.count()
    publish(flow, choices={"ask_email": end("Fim"), "bye": end("Fim")})
    assert InboxEvent.unscoped.count() == before
    assert gone.runs[0].status == "ended"


def test_who_left_the_step_before_their_turn_is_judged_by_where_they_are_then(flow: Flow) -> None:
    left, moved_twice = someone(flow, "menu"), someone(flow, "menu")
    publish(flow, choices={"menu": end("Fim"), "pay": move("bye")})
    rows = InboxEvent.unscoped.filter(state="new")
    held = {row.telegram_user_id: row.pk for row in rows}
    InboxEvent.unscoped.filter(pk__in=held.values()).update(state="ignored")
    left.press(left.button("Quero entrar"))
    moved_twice.happen(OperatorResumed("pay"), run_id=moved_twice.top.pk, source=InboxSource.OPERATOR)
    drain()
    InboxEvent.unscoped.filter(pk__in=held.values()).update(state="new")
    drain()
    assert of_run(left) == (1, "ask_email", "active")
    assert left.timeline()[-1] == "version_kept"
    assert (of_run(moved_twice)[0], of_run(moved_twice)[2], moved_twice.texts[-1]) == (2, "ended", "Até logo!")


def test_a_choice_holds_once_however_often_its_row_comes(flow: Flow) -> None:
    person = someone(flow, "ask_email")
    publish(flow, choices={"ask_email": move("ask_email")})
    drain()
    lines = person.timeline()
    row = person.inbox[-1]
    InboxEvent.unscoped.filter(pk=row.pk).update(state="new")
    drain()
    assert person.timeline() == lines
    assert person.inbox[-1].error == "not_awaited"


def test_what_is_paid_after_the_move_is_served(flow: Flow) -> None:
    person = someone(flow, "pay")
    newer = sales_flow()
    newer["flow_steps"] = [step for step in newer["flow_steps"] if step["id"] not in ("pay", "ask_email")]
    newer["flow_steps"][0]["conditions"][0]["target_step"] = "help"
    publish(flow, newer, choices={"pay": move("menu")})
    drain()
    assert of_run(person) == (2, "menu", "active")
    order = uuid4()
    paid = PaymentChanged(1, uuid4(), order, PaymentStatus.PAID, 2990, "BRL", timezone.now())
    person.happen(paid, run_id=person.top.pk)
    drain()
    assert person.texts[-1] == "Pagamento confirmado. Seu acesso: https://example.com/vip"
    assert (of_run(person), person.top.owes, person.conversation.attention) == ((2, "menu", "active"), False, True)


# What may be chosen


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (move("nowhere"), "no_such_step"),
        (StepChoice(Fate.MOVE), "no_such_step"),
        (end("x" * 4_097), "message_too_long"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_and_nothing_is_published(flow: Flow, choice: StepChoice, code: str) -> None:
    someone(flow)
    before = InboxEvent.unscoped.count()
    with pytest.raises(Invalid) as refused:
        publish(flow, choices={"menu": choice})
    assert refused.value.code == code
    assert (FlowVersion.unscoped.filter(flow=flow).count(), InboxEvent.unscoped.count()) == (1, before)


def test_new_texts_reach_everybody_inside_with_one_word(flow: Flow) -> None:
    people = [someone(flow, at) for at in ("menu", "ask_email", "pay")]
    publish(flow, reworded(sales_flow(), "vip"), apply_texts=True)
    drain()
    assert [of_run(person) for person in people] == [(2, at, "active") for at in ("menu", "ask_email", "pay")]
    assert [person.timeline()[-1] for person in people] == ["version_moved"] * 3


def test_more_than_texts_is_not_applied_to_anybody(flow: Flow) -> None:
    with pytest.raises(Invalid) as refused:
        publish(flow, sales_flow(amount="9.90"), apply_texts=True)
    assert refused.value.code == "not_texts_only"


# What it would do, seen before


def test_the_impact_counts_people_by_step_over_all_versions(flow: Flow) -> None:
    someone(flow, "menu"), someone(flow, "ask_email")
    publish(flow, reworded(sales_flow(), "menu"))
    someone(flow, "menu"), someone(flow, "pay"), someone(flow, "pay")
    Run.unscoped.filter(step_id="pay").update(owes=True)
    draft = renamed(sales_flow(amount="19.90"), "ask_email", "ask_name")
    edit(flow, draft)
    with organization_scope(flow.organization_id), recorded_sql() as statements:
        impact = impact_of(Flow.objects.select_related("bot").get(pk=flow.pk))
    assert [(one.step_id, one.fate, one.people, one.owed, one.versions) for one in impact.steps] == [
        ("ask_email", StepFate.REMOVED, 1, 0, ((1, 1),)),
        ("menu", StepFate.CHANGED, 2, 0, ((2, 1), (1, 1))),
        ("pay", StepFate.CHANGED, 2, 2, ((2, 2),)),
    ]
    assert (impact.people, impact.since.number if impact.since else None, len(statements)) == (5, 2, 4)
    assert impact.texts_people == 0


def test_words_and_what_is_kept_are_told_apart(flow: Flow) -> None:
    someone(flow, "menu"), someone(flow, "ask_email")
    edit(flow, reworded(sales_flow(), "menu"))
    with organization_scope(flow.organization_id):
        impact = impact_of(flow)
    assert [(one.step_id, one.fate) for one in impact.steps] == [
        ("menu", StepFate.TEXTS),
        ("ask_email", StepFate.KEPT),
    ]
    assert (impact.texts_people, impact.difference.texts_only) == (2, True)


def test_any_two_versions_and_the_draft_are_compared(flow: Flow) -> None:
    publish(flow, reworded(sales_flow(), "menu"))
    edit(flow, sales_flow(amount="9.90"))
    with organization_scope(flow.organization_id):
        assert [step.step_id for step in compared(flow, 1, 2).steps] == ["menu"]
        assert [step.step_id for step in compared(flow, 1, None).steps] == ["pay", "pay_again"]
        assert compared(flow, 2, 2).is_empty


# Two people at once


def test_a_draft_or_a_version_that_was_not_seen_is_not_published(flow: Flow) -> None:
    flow.refresh_from_db()
    seen = Seen(flow.draft_revision, 1)
    publish(flow, seen=seen)
    with pytest.raises(Stale) as told:
        publish(flow, seen=seen)
    assert told.value.code == "published_meanwhile"
    edit(flow, reworded(sales_flow(), "menu"))
    with pytest.raises(Stale) as told:
        publish(flow, seen=Seen(seen.revision, 2))
    assert told.value.code == "draft_changed"
    assert FlowVersion.unscoped.filter(flow=flow).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_that_publish_what_they_saw_one_wins() -> None:
    flow = a_running_flow(make_shop().bot, sales_flow())
    seen = Seen(flow.draft_revision, 1)

    def publishes(_place: int) -> int | None:
        return publish(flow, seen=seen).number

    answers = at_once(4, publishes)
    assert sorted(type(answer).__name__ for answer in answers) == ["Stale", "Stale", "Stale", "int"]
    assert FlowVersion.unscoped.filter(flow=flow).count() == 2


# Closed to new people


def test_a_closed_flow_greets_new_people_as_if_it_were_off_and_the_others_finish(flow: Flow) -> None:
    inside = someone(flow)
    rita = User.objects.create_user("rita@example.com")
    with organization_scope(flow.organization_id):
        close_to_new(flow.pk, closed=True, actor=rita)
        close_to_new(flow.pk, closed=True, actor=rita)
    Bot.unscoped.filter(pk=flow.bot_id).update(welcome_message="Voltamos logo!")
    newcomer = Person(inside.bot)
    newcomer.start()
    inside.press(inside.button("Quero entrar"))
    drain()
    assert newcomer.texts == ["Voltamos logo!"]
    assert of_run(inside) == (1, "ask_email", "active")
    with organization_scope(flow.organization_id):
        close_to_new(flow.pk, closed=False, actor=rita)
    newcomer.start()
    drain()
    assert newcomer.top.step_id == "menu"
    acts = AuditEntry.unscoped.filter(object_id=str(flow.pk), actor_user=rita).order_by("id")
    assert [entry.action for entry in acts] == ["flow.closed", "flow.opened"]


def test_people_of_another_organization_are_none_of_its_business(flow: Flow) -> None:
    other = a_running_flow(make_bot(), a_flow([a_question("menu", next="bye"), an_access("bye")]))
    stranger, ours = someone(other), someone(flow)
    publish(flow, choices={"menu": end("Fim")})
    drain()
    assert (of_run(stranger)[2], of_run(ours)[2]) == ("active", "closed")


def test_a_button_from_before_the_publication_is_followed_where_only_words_changed(shop: Shop) -> None:
    menu = buttons("menu", {"text": "Sim", "target_step": "bye"})
    flow = a_running_flow(shop.bot, a_flow([menu, an_access("bye", "Tchau")]))
    person = someone(flow)
    shown = person.button("Sim")
    publish(
        flow,
        a_flow([buttons("menu", {"text": "Claro", "target_step": "bye"}), an_access("bye", "Tchau!")]),
        apply_texts=True,
    )
    drain()
    person.press(shown)
    drain()
    assert (person.texts[-1], of_run(person)[2]) == ("Tchau!", "ended")
