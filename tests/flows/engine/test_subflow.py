"""Subflows: frames in the state, each step of its own version, and the way back, whatever comes in between."""

import json
from typing import Any

from flows.engine.codec import dump_state, load_state
from flows.engine.effects import (
    ArmTimer,
    GrantAccess,
    RemoveKeyboard,
    TimelineKind,
    VoidTimers,
)
from flows.engine.events import OperatorResumed, Resumed, TimerKind
from flows.engine.state import Frame, Status
from tests.flows.engine.subflows import IN_OFFER, SURVEY, offered, surveyed
from tests.support.conversation import FACTS, VERSION, Talk
from tests.support.flows import (
    a_condition,
    a_delay,
    a_flow,
    a_message,
    a_question,
    an_access,
    buttons,
)
from tests.support.subflows import a_subflow, carrying, version_of

IN_SURVEY = (Frame(version_of("survey"), "sub"),)


def test_runs_the_other_flow_and_goes_on_by_next() -> None:
    talk = surveyed().begin()
    assert (talk.said, talk.at, talk.state.frames, talk.state.place) == (["Sua cidade?"], "ask", IN_SURVEY, "sub")
    talk.write("Recife")
    # What it saved is known outside, and its access ended the subflow, not the run.
    assert (talk.said, talk.at, talk.state.frames) == (["Anotado, Recife!", "E agora?"], "menu", ())
    talk.press(0)
    assert (talk.said, talk.state.status) == (["Até logo, Recife!"], Status.ENDED)


def test_the_timeline_says_of_which_version_each_step_is_and_leaves_the_subflow_when_it_ends() -> None:
    talk = surveyed().begin()
    inside = str(version_of("survey"))

    def told() -> list[tuple[TimelineKind, str | None, object]]:
        kinds = (TimelineKind.ENTERED, TimelineKind.LEFT, TimelineKind.ANSWERED, TimelineKind.DELIVERED)
        found = [record for kind in kinds for record in talk.recorded(kind)]
        ordered = [effect for effect in talk.last if effect in found]
        return [(one.kind, one.step_id, one.data.get("subflow")) for one in ordered]

    assert told() == [(TimelineKind.ENTERED, "sub", None), (TimelineKind.ENTERED, "ask", inside)]
    talk.write("Recife")
    assert told() == [
        (TimelineKind.ANSWERED, "ask", inside),
        (TimelineKind.LEFT, "ask", inside),
        (TimelineKind.ENTERED, "bye", inside),
        (TimelineKind.DELIVERED, "bye", inside),
        (TimelineKind.LEFT, "bye", inside),
        (TimelineKind.LEFT, "sub", None),
        (TimelineKind.ENTERED, "menu", None),
    ]


def test_an_access_in_it_gives_what_it_gives() -> None:
    talk = surveyed().begin().write("Recife")
    assert [(grant.step_id, grant.content["text"]) for grant in talk.of(GrantAccess)] == [
        ("bye", "Anotado, {{cidade}}!")
    ]


def test_subflows_stand_one_within_the_other() -> None:
    outer = a_flow(
        [a_message("hi", "Antes", next="in"), a_subflow("in", "survey", next="end"), an_access("end", "Depois")]
    )
    talk = Talk(
        a_subflow("sub", "outer", next="last"), an_access("last", "Fim"), embedded=carrying(survey=SURVEY, outer=outer)
    ).begin()
    frames = (Frame(version_of("outer"), "sub"), Frame(version_of("survey"), "in"))
    assert (talk.said, talk.at, talk.state.frames) == (["Antes", "Sua cidade?"], "ask", frames)
    talk.write("Olinda")
    assert talk.said == ["Anotado, Olinda!", "Depois", "Fim"]
    assert (talk.state.status, talk.state.frames) == (Status.ENDED, ())


def test_the_same_step_id_outside_and_inside_is_no_loop() -> None:
    inner = a_flow([a_message("hi", "Dentro", next="end"), an_access("end", "Fim de dentro")])
    talk = Talk(
        a_message("hi", "Fora", next="sub"),
        a_subflow("sub", "inner", next="end"),
        an_access("end", "Fim de fora"),
        embedded=carrying(inner=inner),
    ).begin()
    assert talk.said == ["Fora", "Dentro", "Fim de dentro", "Fim de fora"]
    assert talk.state.status is Status.ENDED


def test_the_same_step_of_the_same_version_twice_in_one_walk_is_a_loop() -> None:
    inner = a_flow([a_message("hi", "Dentro", next="end"), an_access("end", "Fim de dentro")])
    talk = Talk(
        a_subflow("sub", "inner", next="again"),
        a_subflow("again", "inner", next="bye"),
        an_access("bye"),
        embedded=carrying(inner=inner),
    ).begin()
    assert (talk.state.status, talk.state.failure) == (Status.FAILED, "loop")
    (failed,) = talk.recorded(TimelineKind.FAILED)
    assert failed.data["path"] == ["sub", "sub/hi", "sub/end", "again", "again/hi"]


def test_the_fifty_steps_of_a_walk_are_counted_across_versions() -> None:
    def chain(size: int) -> dict[str, Any]:
        return a_flow([*(a_message(f"m{n}", next=f"m{n + 1}") for n in range(size)), an_access(f"m{size}")])

    fits = Talk(
        a_subflow("sub", "long", next="m0"), *chain(23)["flow_steps"], embedded=carrying(long=chain(24))
    ).begin()
    assert (fits.state.status, fits.state.wait) == (Status.ENDED, 50)
    over = Talk(
        a_subflow("sub", "long", next="m0"), *chain(24)["flow_steps"], embedded=carrying(long=chain(24))
    ).begin()
    assert (over.state.status, over.state.failure, over.state.wait) == (Status.FAILED, "too_long", 50)


def test_versions_that_run_each_other_stop_at_the_depth_that_is_allowed() -> None:
    """Never published by us; by another hand than ours a stored version could be like this."""
    asked = a_flow([a_question("ask", next="in"), a_subflow("in", "one", next="end"), an_access("end")])
    stored = carrying(one=asked)
    stored["versions"][str(version_of("one"))]["subflows"] = stored["subflows"]
    talk = Talk(a_subflow("sub", "one", next="bye"), an_access("bye"), embedded=stored).begin()
    for _ in range(4):
        talk.write("mais")
        assert talk.at == "ask"
    talk.write("mais")
    assert (talk.state.status, talk.state.failure, len(talk.state.frames)) == (Status.FAILED, "too_long", 5)


def test_attempts_are_those_of_the_step_inside_not_of_one_with_the_same_id_outside() -> None:
    def strict(ways: str) -> dict[str, Any]:
        condition = a_condition("text_validation", ways, validation="email", max_attempts=2, fallback_step="help")
        return a_question("ask", "E-mail?", conditions=[condition])

    inner = a_flow([strict("end"), an_access("end", "Certo"), an_access("help", "Ajuda de dentro")])
    talk = Talk(
        strict("sub"),
        a_subflow("sub", "inner", next="end"),
        an_access("end", "Fim"),
        an_access("help", "Ajuda de fora"),
        embedded=carrying(inner=inner),
    ).begin()
    talk.write("x").write("a@example.com")
    assert (talk.at, talk.state.frames, talk.state.attempts) == ("ask", (Frame(version_of("inner"), "sub"),), {})
    talk.write("x")
    assert talk.state.attempts == {f"{version_of('inner')}/ask#0": 1}
    talk.write("x")
    assert talk.said == ["Ajuda de dentro", "Fim"]


def test_waits_and_timers_go_on_counting_inside() -> None:
    slow = a_flow([a_delay("wait", minutes=5, next="end"), an_access("end", "Pronto")])
    talk = Talk(a_subflow("sub", "slow", next="bye"), an_access("bye", "Fim"), embedded=carrying(slow=slow)).begin()
    (timer,) = talk.of(ArmTimer)
    assert (timer.kind, timer.wait, talk.state.wait) == (TimerKind.DELAY, 2, 2)
    talk.timer(TimerKind.DELAY, wait=1)
    assert talk.at == "wait"
    talk.timer(TimerKind.DELAY)
    assert (talk.said, talk.state.status) == (["Pronto", "Fim"], Status.ENDED)
    assert len(talk.of(VoidTimers)) == 1


# Buttons


def test_a_button_names_the_embedded_version_and_works_while_the_run_waits_there() -> None:
    talk = offered().begin()
    refs = [button.ref for row in talk.messages[0].buttons for button in row]
    assert [(ref.version_id, ref.ordinal, ref.wait, ref.index) for ref in refs if ref] == [
        (version_of("offer"), 0, 2, 0),
        (version_of("offer"), 0, 2, 1),
    ]
    talk.press(1)
    assert (talk.said, talk.at) == (["Tudo bem!", "Mais alguma coisa?"], "ask")


def test_the_button_of_the_same_place_in_another_version_is_stale() -> None:
    talk = offered().begin().press(1, version_id=VERSION)
    assert (talk.at, talk.state.frames, len(talk.notices)) == ("menu", IN_OFFER, 1)
    assert talk.recorded(TimelineKind.STALE_PRESS)


def test_a_button_of_a_version_that_is_not_carried_is_stale() -> None:
    talk = offered().begin().press(1, version_id=version_of("other"))
    assert (talk.at, talk.state.frames, len(talk.notices)) == ("menu", IN_OFFER, 1)


def test_a_second_press_of_the_button_by_which_it_was_left_is_told_so() -> None:
    talk = offered().begin().press(1)
    talk.press(1, wait=2, step="ask", version_id=version_of("offer"), ordinal=0)
    assert (talk.at, talk.said) == ("ask", [])


def test_an_old_button_of_a_subflow_is_followed_while_the_run_is_inside_and_refused_after() -> None:
    inner = a_flow(
        [
            buttons("menu", {"text": "A", "target_step": "a"}, "B", config={"stale_press": "follow"}, next="ask"),
            a_question("a", "A?", next="end"),
            a_question("ask", "Q?", next="end"),
            an_access("end", "Fim"),
        ]
    )
    talk = Talk(
        a_subflow("sub", "inner", next="last"),
        a_question("last", next="bye"),
        an_access("bye"),
        embedded=carrying(inner=inner),
    ).begin()
    menu_wait = talk.state.wait
    talk.press(1).press(0, wait=menu_wait, step="menu")
    assert (talk.at, talk.said) == ("a", ["A?"])
    talk.write("sim")
    assert (talk.at, talk.state.frames) == ("last", ())
    talk.press(0, wait=menu_wait, step="last", version_id=version_of("inner"), ordinal=0)
    assert (talk.at, len(talk.notices)) == ("last", 1)


def test_an_old_button_of_the_flow_around_it_is_followed_out_of_the_subflow() -> None:
    talk = Talk(
        buttons(
            "first",
            {"text": "Outro", "target_step": "other"},
            "Segue",
            config={"stale_press": "follow"},
            next="sub",
        ),
        a_subflow("sub", "survey", next="bye"),
        a_question("other", "Outro?", next="bye"),
        an_access("bye"),
        embedded=carrying(survey=SURVEY),
    )
    talk.begin().press(1)
    assert (talk.at, talk.state.frames) == ("ask", IN_SURVEY)
    talk.press(0, wait=1, step="ask", version_id=VERSION, ordinal=0)
    assert (talk.at, talk.state.frames) == ("other", ())
    left = [(record.step_id, record.data.get("subflow")) for record in talk.recorded(TimelineKind.LEFT)]
    assert left == [("ask", str(version_of("survey"))), ("sub", None)]


def test_the_keyboard_of_an_old_button_inside_is_taken_away_where_that_was_chosen() -> None:
    inner = a_flow(
        [
            buttons("menu", "A", config={"stale_press": "remove"}, next="ask"),
            a_question("ask", next="end"),
            an_access("end"),
        ]
    )
    talk = Talk(a_subflow("sub", "inner", next="bye"), an_access("bye"), embedded=carrying(inner=inner)).begin()
    talk.write("A").press(0, wait=1, step="menu")
    assert [one.message_id for one in talk.of(RemoveKeyboard)] == [5]


# Triggers and the team


def test_a_command_of_the_subflow_stays_inside_and_one_of_the_flow_around_it_leads_out() -> None:
    inner = a_flow(
        [a_question("ask", next="end"), a_question("help", "Ajuda?", next="end"), an_access("end")],
        triggers=[{"command": "ajuda", "target_step": "help"}],
    )
    steps = [
        a_subflow("sub", "inner", next="bye"),
        a_question("menu", "Menu?", next="bye"),
        a_question("outside", next="bye"),
        an_access("bye", "Tchau"),
    ]
    triggers = [{"command": "menu", "target_step": "menu"}, {"command": "ajuda", "target_step": "outside"}]
    talk = Talk(*steps, embedded=carrying(inner=inner), triggers=triggers).begin()
    talk.write("/ajuda")
    assert (talk.at, talk.state.place) == ("help", "sub")
    talk.write("/menu")
    assert (talk.at, talk.state.frames) == ("menu", ())
    talk.write("/ajuda")
    assert talk.at == "outside"


def test_the_team_moves_a_run_to_a_step_of_its_own_version_out_of_any_subflow() -> None:
    talk = surveyed().begin().send(OperatorResumed("menu"))
    assert (talk.at, talk.state.frames) == ("menu", ())
    inside = surveyed().begin()
    inside.send(OperatorResumed("ask"))
    assert (inside.at, inside.problems) == ("ask", ["no_such_step"])


def test_says_its_step_again_inside() -> None:
    assert surveyed().begin().send(Resumed()).said == ["Sua cidade?"]
    assert surveyed().begin().send(OperatorResumed()).said == ["Sua cidade?"]


# Stored states


def test_a_state_from_before_there_were_subflows_is_still_read() -> None:
    stored = dump_state(offered().begin().press(0).charge_ready().state)
    old = {key: value for key, value in stored.items() if key != "frames"}
    old["visits"] = {
        number: {name: value for name, value in visit.items() if name != "frames"}
        for number, visit in stored["visits"].items()  # type: ignore[attr-defined]
    }
    state = load_state(json.loads(json.dumps(old)), FACTS)
    assert state.frames == ()
    assert state.visits[1].frames == ()


def test_frames_are_stored_and_come_back() -> None:
    state = offered().begin().press(0).state
    assert dump_state(state)["frames"] == [{"version_id": str(version_of("offer")), "step_id": "sub"}]
    assert load_state(dump_state(state), FACTS) == state
