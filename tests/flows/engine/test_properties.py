"""Any flow that parses, any events: `advance` returns, keeps its guards, and can be repeated."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.engine import limits
from flows.engine.advance import advance
from flows.engine.codec import dump_effect, dump_event, dump_state, load_effect, load_event, load_state
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.effects import AnswerPress, OrderServed, Record, TimelineKind
from flows.engine.events import EVENT_TYPES, Event, PaymentChanged, PaymentStatus, Pressed, Start
from flows.engine.state import State, Status, new_state
from flows.engine.welcome import welcome_document
from tests.support.conversation import BEGINNING, FACTS, RUN, VERSION
from tests.support.random_flows import EVENTS, SUBFLOWS, aimed, carried, documents

# Each event, the seconds before it, and whether it is pointed at what the run waits for.
Happenings = Sequence[tuple[Event, int, bool]]
happenings = st.lists(
    st.tuples(EVENTS, st.sampled_from([0, 1, 61, 3_600]), st.sampled_from([True, True, False])), min_size=3, max_size=12
)


def new() -> State:
    return new_state(run_id=RUN, version_id=VERSION, facts=FACTS, seed=1, now=BEGINNING)


def play(
    document: dict[str, Any],
    events: Happenings,
    kind: VersionKind = VersionKind.PUBLISHED,
    embedded: dict[str, Any] | None = None,
) -> None:
    flow = compile_flow(VERSION, document, kind=kind, embedded=embedded)
    state, now = new(), BEGINNING
    taken: set[int] = set()
    for drawn, seconds, aim in [(Start(), 0, False), *events]:
        now += timedelta(seconds=seconds)
        before = state
        event = aimed(drawn, before, flow) if aim else drawn
        state, effects = advance(flow, before, event, now)
        assert advance(flow, before, event, now) == (state, effects)
        kept = load_state(json.loads(json.dumps(dump_state(state))), state.facts)
        assert kept == state
        assert load_event(json.loads(json.dumps(dump_event(event)))) == event
        assert tuple(load_effect(json.loads(json.dumps(dump_effect(effect)))) for effect in effects) == effects

        entered = [
            (effect.data.get("subflow"), effect.step_id)
            for effect in effects
            if isinstance(effect, Record) and effect.kind is TimelineKind.ENTERED
        ]
        assert len(entered) <= 50
        assert len(entered) == len(set(entered))
        assert state.wait == before.wait + len(entered)
        assert (state.revision == before.revision) == (state is before and not effects)
        assert len([e for e in effects if isinstance(e, AnswerPress)]) == isinstance(event, Pressed)
        if state.status is Status.WAITING:
            assert state.step_id in flow.within(state.frames).steps
            assert len(state.frames) <= limits.MAX_SUBFLOW_DEPTH
        if isinstance(event, PaymentChanged) and event.status is PaymentStatus.PAID and event.visit in before.visits:
            assert state.visits[event.visit].taken_paid
            taken.add(event.visit)
        assert {number for number, visit in state.visits.items() if visit.taken_paid} == taken
        served = [effect.order_id for effect in effects if isinstance(effect, OrderServed)]
        assert sorted(served) == sorted(now_served(before, state))
        state = kept


def now_served(before: State, after: State) -> set[UUID]:
    """The orders of the visits served by this event."""
    served = {number: visit.order_id for number, visit in after.visits.items() if visit.served}
    return {one for n, one in served.items() if one and not (n in before.visits and before.visits[n].served)}


@settings(max_examples=150)
@given(documents(), carried(), happenings)
def test_any_conversation_with_any_flow(document: dict[str, Any], embedded: dict[str, Any], events: Happenings) -> None:
    play(document, events, embedded=embedded)


@settings(max_examples=60)
@given(
    st.text(max_size=20),
    st.lists(st.fixed_dictionaries({"text": st.just("A")}, optional={"price": st.just("5")}), max_size=3),
    happenings,
)
def test_any_conversation_in_welcome_mode(message: str, main: list[dict[str, Any]], events: Happenings) -> None:
    play(welcome_document(message, main, []), events, VersionKind.WELCOME)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "message", "{{x}}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["flow_steps", "id", "type", "config", "text", "connections"]), inner, max_size=3
        )
    ),
    max_leaves=15,
)


@given(json_values, happenings)
def test_any_json_at_all_as_a_flow(document: object, events: Happenings) -> None:
    play(document if isinstance(document, dict) else {"flow_steps": document}, events)


stored_frames = st.lists(
    st.fixed_dictionaries(
        {
            "version_id": st.sampled_from([*SUBFLOWS.values(), UUID(int=0x99)]).map(str),
            "step_id": st.sampled_from(["a", "b", "gone"]),
        }
    ),
    max_size=3,
)


@given(st.data())
def test_any_state_that_can_be_read(data: st.DataObject) -> None:
    """A state of another version or hand: the run may be lost, but it never breaks."""
    document = data.draw(documents())
    flow = compile_flow(VERSION, document, kind=VersionKind.PUBLISHED, embedded=data.draw(carried()))
    state, _ = advance(flow, new(), Start(), BEGINNING)
    stored = dump_state(state) | data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from([str(status) for status in Status]),
                "step_id": st.none() | st.sampled_from(["a", "g", "gone"]),
                "entered_at": st.none() | st.just("0001-01-01T00:00:00+00:00"),
                "last_heard_at": st.just("9999-12-31T23:59:59+00:00"),
                "offer": st.none() | st.fixed_dictionaries({"index": st.integers(-3, 9)}),
                "attempts": st.just({"a#0": -5}),
                "current_visit": st.integers(-2, 9),
                "frames": stored_frames,
                "visits": st.dictionaries(
                    st.integers(0, 4).map(str),
                    st.fixed_dictionaries(
                        {
                            "step_id": st.sampled_from(["a", "b", "gone"]),
                            "wait": st.integers(0, 3),
                            "requested_at": st.just(BEGINNING.isoformat()),
                            "amount_minor": st.integers(-5, 5),
                            "currency": st.text(max_size=3),
                        },
                        optional={
                            "taken_paid": st.booleans(),
                            "br_code": st.text(max_size=3),
                            "frames": stored_frames,
                        },
                    ),
                    max_size=3,
                ),
            },
        )
    )
    for event in data.draw(st.lists(EVENTS, max_size=4)):
        state, _ = advance(flow, load_state(stored, FACTS), event, BEGINNING)
        stored = dump_state(state)


def test_random_events_are_of_every_type() -> None:
    seen: set[type[Event]] = set()

    @settings(max_examples=400, database=None)
    @given(EVENTS)
    def look(event: Event) -> None:
        seen.add(type(event))

    look()
    assert seen == set(EVENT_TYPES)
