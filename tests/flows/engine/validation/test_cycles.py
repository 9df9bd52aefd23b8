"""Cycles, on every small graph and on many large ones: what is published never turns in a circle, and what is refused
would have been stopped."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.engine.advance import advance
from flows.engine.catalogue import CatalogueFacts
from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.effects import Effect, Record, TimelineKind
from flows.engine.events import Answered, AnswerKind, ButtonRef, Event, Pressed, Start, TimerFired, TimerKind
from flows.engine.graph import EdgeKind, graph_of
from flows.engine.parse import parse_lenient
from flows.engine.problem_codes import Code
from flows.engine.state import State, Status, new_state
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.delay import DelayStep
from flows.engine.validation import validate
from tests.support.conversation import BEGINNING, FACTS, RUN, VERSION, Talk
from tests.support.flows import (
    Document,
    a_condition,
    a_delay,
    a_flow,
    a_message,
    a_question,
    a_step,
    an_access,
    buttons,
)
from tests.support.subflows import a_subflow, carrying, facts_about

CYCLES = {Code.CYCLE, Code.UNATTENDED_CYCLE}
KNOWS = a_step("know", "branch", {}, next="ask", conditions=[a_condition("variable", "bye", name="x", op="exists")])
SUBFLOWS: Mapping[str, Document] = {
    "asks": a_flow([a_question("ask", next="bye"), an_access("bye")]),
    "says": a_flow([a_message("say", next="bye"), an_access("bye")]),
    "knows": a_flow([KNOWS, a_question("ask", config={"save_as": "x"}, next="bye"), an_access("bye")]),
}
CARRIED = carrying(**SUBFLOWS)
CATALOGUE = CatalogueFacts(flows=facts_about(**SUBFLOWS))
END = an_access("end", "Fim")


def errors_in(document: Document) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in validate(document, CATALOGUE, locale="en") if one.is_error]


def compiled(document: Document) -> Flow:
    return compile_flow(VERSION, document, kind=VersionKind.PUBLISHED, embedded=CARRIED)


def an_event(flow: Flow, state: State, choice: int) -> Event:
    """Something that leads on from where the run waits; which way, by the choice."""
    present = flow.within(state.frames)
    step = present.steps[state.step_id or ""]
    if isinstance(step, ButtonsStep):
        index = choice % len(step.config.custom_buttons)
        return Pressed("c", 1, ButtonRef(RUN, present.version_id, present.ordinals[step.id], state.wait, index))
    if isinstance(step, DelayStep):
        return TimerFired(TimerKind.DELAY, state.wait)
    return Answered(AnswerKind.TEXT, "oi")


def walked(document: Document, choices: Iterator[int]) -> Iterator[tuple[State, tuple[Effect, ...]]]:
    """Each walk of a conversation that goes on as long as there are choices."""
    flow = compiled(document)
    state = new_state(run_id=RUN, version_id=VERSION, facts=FACTS, seed=1, now=BEGINNING)
    event: Event = Start()
    while True:
        state, effects = advance(flow, state, event, BEGINNING)
        yield state, effects
        choice = next(choices, None)
        if state.status is not Status.WAITING or choice is None:
            return
        event = an_event(flow, state, choice)


def keeps_its_guards(document: Document, choices: Iterator[int]) -> bool:
    """Whether no guard stopped it; that none was ever passed is asserted."""
    stopped = False
    for state, effects in walked(document, choices):
        entered = [
            (one.data.get("subflow"), one.step_id)
            for one in effects
            if isinstance(one, Record) and one.kind is TimelineKind.ENTERED
        ]
        assert len(entered) == len(set(entered)) <= 50
        stopped = stopped or state.status is Status.FAILED
    return not stopped


def has_cycle(document: Document) -> bool:
    """By the plainest definition: some step that can be come to leads back to itself."""
    graph = graph_of(parse_lenient(document).document, CATALOGUE.flows)

    def follow(edge: Any) -> bool:
        return edge.kind is not EdgeKind.FALLBACK

    reached = graph.reachable(graph.roots, follow)
    return any(
        step in graph.reachable([edge.target for edge in graph.edges[step] if follow(edge)], follow) for step in reached
    )


# Every graph of three steps

_IDS = ("a", "b", "c")


def small_graphs() -> Iterator[Document]:
    nodes = [
        [maker(step_id, next=target) for maker in (a_message, a_question) for target in (*_IDS, "end")]
        for step_id in _IDS
    ]
    for steps in itertools.product(*nodes):
        yield a_flow([*steps, END])


def test_of_all_graphs_of_three_steps_those_with_a_cycle_are_refused_and_the_others_end() -> None:
    refused = 0
    for document in small_graphs():
        cyclic = has_cycle(document)
        codes = {code for code, _ in errors_in(document)}
        assert bool(codes & CYCLES) is cyclic, document
        refused += cyclic
        fine = keeps_its_guards(document, iter(range(8)))
        if not cyclic:
            assert fine
    # 26 of the 64 ways to lead three steps on come from `a` to the end; each with 8 choices of what waits.
    assert refused == (64 - 26) * 8


def test_of_all_graphs_of_three_steps_where_loops_are_allowed_those_that_pass_are_never_stopped() -> None:
    passed = stopped = 0
    for document in small_graphs():
        allowed = {**document, "allow_loops": True}
        fine = keeps_its_guards(allowed, iter(range(8)))
        if errors_in(allowed):
            stopped += not fine
        else:
            passed += 1
            assert fine, allowed
    # The errors are not there for nothing: every one that is refused would have been stopped.
    assert (passed, stopped) == (386, 512 - 386)


# Larger ones, with every kind of way

targets = st.sampled_from([*(f"s{n}" for n in range(7)), "end"])


@st.composite
def larger_graphs(draw: st.DrawFn) -> Document:
    steps = []
    for n in range(7):
        step_id, on, other = f"s{n}", draw(targets), draw(targets)
        condition = a_condition("variable", other, name="x", op="exists")
        steps.append(
            draw(
                st.sampled_from(
                    [
                        a_message(step_id, next=on),
                        a_step(step_id, "branch", {}, next=on, conditions=[condition]),
                        a_step(step_id, "set", {"assign": [{"name": "x", "value": "1"}]}, next=on),
                        a_step(step_id, "split", {"arms": [{"name": n, "target_step": n} for n in {on, other}]}),
                        a_question(step_id, next=on, config={"save_as": "x"}),
                        buttons(step_id, {"text": "A", "target_step": other}, "B", next=on),
                        a_delay(step_id, next=on),
                        *(a_subflow(step_id, flow, next=on) for flow in SUBFLOWS),
                    ]
                )
            )
        )
    return a_flow([*steps, END], allow_loops=draw(st.booleans()))


@settings(max_examples=150)
@given(larger_graphs(), st.lists(st.integers(0, 1), max_size=12))
def test_what_passes_is_never_stopped_by_a_guard(document: Document, choices: list[int]) -> None:
    fine = keeps_its_guards(document, iter(choices))
    assert fine or errors_in(document), document


@settings(max_examples=150)
@given(larger_graphs())
def test_a_cycle_is_told_if_and_only_if_there_is_one_and_its_path_is_one(document: Document) -> None:
    told = [one for one in validate(document, CATALOGUE, locale="en") if one.code in {*CYCLES, Code.ATTENDED_LOOP}]
    assert bool(told) is has_cycle(document)
    graph = graph_of(parse_lenient(document).document, CATALOGUE.flows)
    for problem in told:
        path = problem.message.rpartition(": ")[2].rstrip(".").split(" → ")
        assert path[0] == path[-1]
        assert problem.step_id == path[-2]
        assert all(any(e.target == b for e in graph.edges[a]) for a, b in itertools.pairwise(path))


# What is said of them


def test_the_hint_of_an_attended_cycle_offers_to_allow_loops_and_that_of_an_unattended_one_does_not() -> None:
    attended = a_flow([a_question("menu", next="prices"), a_message("prices", next="menu")])
    unattended = a_flow([a_message("menu", next="prices"), a_message("prices", next="menu")], allow_loops=True)
    for locale in ("pt-br", "en"):
        (cycle,) = [one for one in validate(attended, CATALOGUE, locale=locale) if one.code == Code.CYCLE]
        assert "menu → prices → menu" in cycle.message
        assert "allow_loops" in cycle.hint
        (circle,) = [one for one in validate(unattended, CATALOGUE, locale=locale) if one.code == Code.UNATTENDED_CYCLE]
        assert "menu → prices → menu" in circle.message
        assert "allow_loops" not in circle.hint


@pytest.mark.parametrize("size", [1, 2, 51])
def test_an_unattended_circle_is_stopped_at_the_guard_that_it_meets_first(size: int) -> None:
    steps = [a_message(f"m{n}", next=f"m{(n + 1) % size}") for n in range(size)]
    talk = Talk(*steps).begin()
    assert talk.state.failure == ("loop" if size < 51 else "too_long")


@pytest.mark.parametrize(("messages", "stops"), [(49, False), (50, True)])
def test_a_walk_too_long_is_refused_just_where_the_guard_would_stop_it(messages: int, stops: bool) -> None:
    ids = [*(f"m{place}" for place in range(messages)), "ask"]
    steps = [a_message(one, next=after) for one, after in itertools.pairwise(ids)]
    document = a_flow([*steps, a_question("ask", next="end"), END])
    stop = "From “m0” on nothing waits for anyone: the conversation would stop before “ask”, after 50 steps."
    assert [message for code, message in errors_in(document) if code == Code.WALK_TOO_LONG] == ([stop] if stops else [])
    assert Talk(document=document).begin().state.status is (Status.FAILED if stops else Status.WAITING)
