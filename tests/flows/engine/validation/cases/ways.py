"""Where definitions begin, lead and end."""

import itertools

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import END, Cases, asked, cases, charged, fails, pressed, ring
from tests.support.flows import (
    Document,
    a_branch,
    a_condition,
    a_delay,
    a_deliver,
    a_flow,
    a_message,
    a_payment,
    a_question,
    an_access,
    buttons,
    sales_flow,
)


def in_a_row(*length_of_each: int) -> list[Document]:
    """Rows of messages, a question after each row; then the end."""
    steps = []
    for row, length in enumerate(length_of_each):
        ids = [*(f"m{row}_{place}" for place in range(length)), f"q{row}"]
        steps += [a_message(one, next=after) for one, after in itertools.pairwise(ids)]
        steps.append(a_question(ids[-1], next=f"m{row + 1}_0" if row + 1 < len(length_of_each) else "end"))
    return [*steps, END]


CASES: dict[str, Cases] = {
    "long_walks": cases(
        [
            # Fifty are entered, and the question would be one more.
            fails(a_flow(in_a_row(50)), (Code.WALK_TOO_LONG, "m0_49", "connections.next")),
            fails(
                a_flow(in_a_row(120)),
                (Code.WALK_TOO_LONG, "m0_49", "connections.next"),
                (Code.WALK_TOO_LONG, "m0_99", "connections.next"),
            ),
            fails(a_flow(in_a_row(3, 50)), (Code.WALK_TOO_LONG, "m1_49", "connections.next")),
            # The longer of two ways counts.
            fails(
                a_flow(
                    [
                        a_branch("b", a_condition("variable", "m0_0", name="x", op="exists"), next="m0_1"),
                        *in_a_row(49),
                    ]
                ),
                (Code.WALK_TOO_LONG, "m0_48", "connections.next"),
            ),
        ],
        [
            a_flow(in_a_row(49)),
            a_flow(in_a_row(49, 49, 49)),
            # Nobody comes there.
            a_flow([an_access("begin"), *in_a_row(60)]),
            # A circle is told as such.
            a_flow([*(a_message(f"r{n}", next=f"r{(n + 1) % 60}") for n in range(60))]),
            sales_flow(),
        ],
    ),
    "start": cases(
        [
            fails(a_flow([END], start=""), (Code.NO_START_STEP, None, "flow_start_step_id")),
            fails(a_flow([END], start="  "), (Code.NO_START_STEP, None, "flow_start_step_id")),
            fails(a_flow([END], start="gone"), (Code.UNKNOWN_START_STEP, None, "flow_start_step_id")),
            fails({"flow_steps": [END]}, (Code.NO_START_STEP, None, "flow_start_step_id")),
        ],
        [a_flow([END]), sales_flow()],
    ),
    "step_ids": cases(
        [
            fails(a_flow([END, END]), (Code.DUPLICATE_STEP_ID, "end", "id")),
            fails(a_flow([END, {"id": "end", "type": "nothing"}]), (Code.DUPLICATE_STEP_ID, "end", "id")),
        ],
        [a_flow([END, an_access("End")])],
    ),
    "sizes": cases(
        [
            fails(a_flow([an_access(f"s{n}") for n in range(1_001)]), (Code.TOO_MANY_STEPS, None, "flow_steps")),
            fails(
                asked(*[a_condition("text_validation", "end", order=n) for n in range(51)]),
                (Code.TOO_MANY_CONDITIONS, "q", "conditions"),
            ),
            fails(
                a_flow([a_message("m", " ".join(f"{{{{v{n}}}}}" for n in range(201)), next="end"), END]),
                (Code.TOO_MANY_VARIABLES, None, "flow_steps"),
            ),
        ],
        [
            a_flow([an_access(f"s{n}") for n in range(1_000)]),
            asked(*[a_condition("text_validation", "end", order=n) for n in range(50)]),
            a_flow([a_message("m", " ".join(f"{{{{v{n}}}}}" for n in range(200)), next="end"), END]),
        ],
    ),
    "targets": cases(
        [
            fails(
                a_flow([a_payment("pay", next="x", pending="y", retry="z"), END]),
                (Code.UNKNOWN_TARGET, "pay", "connections.next"),
                (Code.UNKNOWN_TARGET, "pay", "connections.pending"),
                (Code.UNKNOWN_TARGET, "pay", "connections.retry"),
            ),
            fails(
                asked(a_condition("text_validation", "x", max_attempts=2, fallback_step="y")),
                (Code.UNKNOWN_TARGET, "q", "conditions.0.target_step"),
                (Code.UNKNOWN_TARGET, "q", "conditions.0.fallback_step"),
            ),
            fails(
                pressed("A", {"text": "B", "target_step": "x"}, next="end"),
                (Code.UNKNOWN_TARGET, "b", "config.custom_buttons.1.target_step"),
            ),
            fails(
                a_flow([END], triggers=[{"command": "menu", "target_step": "x"}]),
                (Code.UNKNOWN_TARGET, None, "triggers.0.target_step"),
            ),
        ],
        [
            sales_flow(),
            # A step that is there, though something in it is wrong.
            a_flow([a_message("m", next="broken"), {"id": "broken", "type": "nothing"}]),
        ],
    ),
    "commands": cases(
        [
            fails(
                a_flow(
                    [END],
                    triggers=[
                        {"command": "menu", "target_step": "end"},
                        {"command": "/Menu", "target_step": "end"},
                    ],
                ),
                (Code.DUPLICATE_COMMAND, None, "triggers.1.command"),
            ),
            fails(
                a_flow(
                    [END],
                    triggers=[
                        {"keyword": "preço", "target_step": "end"},
                        {"keyword": " PRECO! ", "match": "contains", "target_step": "end"},
                    ],
                ),
                (Code.DUPLICATE_KEYWORD, None, "triggers.1.keyword"),
            ),
            fails(
                a_flow(
                    [END],
                    triggers=[
                        {"target_step": "end"},
                        {"command": "menu", "keyword": "menu", "target_step": "end"},
                    ],
                ),
                (Code.TRIGGER_WORD, None, "triggers.0"),
                (Code.TRIGGER_WORD, None, "triggers.1"),
            ),
            fails(
                a_flow([END], triggers=[{"command": "/Privacy", "target_step": "end"}]),
                (Code.RESERVED_COMMAND, None, "triggers.0.command"),
            ),
        ],
        [
            a_flow(
                [END], triggers=[{"command": "menu", "target_step": "end"}, {"command": "vip", "target_step": "end"}]
            ),
            # A command and a keyword of one name are two things a person can write.
            a_flow(
                [END], triggers=[{"command": "menu", "target_step": "end"}, {"keyword": "menu", "target_step": "end"}]
            ),
        ],
    ),
    "dead_ends": cases(
        [
            fails(a_flow([a_message("m")]), (Code.DEAD_END, "m", "connections.next")),
            fails(a_flow([a_question("q")]), (Code.DEAD_END, "q", "connections.next")),
            fails(a_flow([a_delay("d")]), (Code.DEAD_END, "d", "connections.next")),
            fails(a_flow([a_deliver("d")]), (Code.DEAD_END, "d", "connections.next")),
            fails(pressed("A"), (Code.DEAD_END, "b", "connections.next")),
            fails(pressed("A", retry="end"), (Code.DEAD_END, "b", "connections.next")),
        ],
        [
            a_flow([END]),
            a_flow([a_message("m", next="end"), END]),
            asked(a_condition("text_validation", "end")),
            pressed({"text": "A", "target_step": "end"}),
            charged(),
            # It had a condition, only a wrong one: that is said of the condition.
            a_flow([a_question("q", conditions=[{"type": "nothing"}])]),
        ],
    ),
    "access_exits": cases(
        [
            fails(
                a_flow([an_access("a", next="end", pending="end", retry="end"), END]),
                (Code.ACCESS_WITH_CONNECTION, "a", "connections.next"),
                (Code.ACCESS_WITH_CONNECTION, "a", "connections.pending"),
                (Code.ACCESS_WITH_CONNECTION, "a", "connections.retry"),
            ),
            fails(
                a_flow([an_access("a", conditions=[a_condition("text_validation", "end")]), END]),
                (Code.ACCESS_WITH_CONDITION, "a", "conditions"),
            ),
        ],
        [
            a_flow([{**END, "connections": {"next": None, "pending": None, "retry": None}, "conditions": []}]),
            a_flow([a_deliver("d", next="end"), END]),
        ],
    ),
    "cycles": cases(
        [
            fails(
                ring(a_question("menu"), a_question("prices")),
                (Code.CYCLE, "prices", "connections.next"),
            ),
            fails(ring(a_question("menu")), (Code.CYCLE, "menu", "connections.next")),
            fails(ring(a_message("a"), a_message("b")), (Code.UNATTENDED_CYCLE, "b", "connections.next")),
            fails(
                ring(a_message("a"), a_message("b"), allow_loops=True),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
            ),
            fails(
                ring(a_question("a"), a_message("b"), allow_loops=True),
                (Code.ATTENDED_LOOP, "b", "connections.next"),
            ),
            fails(ring(a_delay("a"), allow_loops=True), (Code.ATTENDED_LOOP, "a", "connections.next")),
            fails(
                charged(retry="pay"),
                (Code.CYCLE, "pay", "connections.retry"),
            ),
            fails(
                pressed({"text": "A", "target_step": "b"}),
                (Code.CYCLE, "b", "config.custom_buttons.0.target_step"),
            ),
            fails(
                asked(a_condition("text_validation", "q")),
                (Code.CYCLE, "q", "conditions.0.target_step"),
            ),
            # An unattended ring behind an attended one: both are found.
            fails(
                a_flow(
                    [
                        a_question("q", conditions=[a_condition("text_validation", "a")], next="q"),
                        a_message("a", next="b"),
                        a_message("b", next="a"),
                    ]
                ),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
                (Code.CYCLE, "q", "connections.next"),
            ),
            # A message that waits for an answer is attended.
            fails(
                ring(a_message("a", conditions=[a_condition("text_validation", "a")]), allow_loops=True),
                (Code.ATTENDED_LOOP, "a", "connections.next"),
                (Code.ATTENDED_LOOP, "a", "conditions.0.target_step"),
            ),
            # Reached by a command only.
            fails(
                a_flow(
                    [END, a_message("a", next="b"), a_message("b", next="a")],
                    triggers=[{"command": "menu", "target_step": "a"}],
                ),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
            ),
        ],
        [
            sales_flow(),
            # Several wrong answers come before a fallback.
            asked(a_condition("text_validation", "end", max_attempts=3, fallback_step="q")),
            # Two ways to the same place are no way back.
            a_flow(
                [
                    buttons("m", {"text": "A", "target_step": "a"}, {"text": "B", "target_step": "b"}),
                    a_message("a", next="c"),
                    a_message("b", next="c"),
                    a_message("c", next="end"),
                    END,
                ]
            ),
            # What nobody comes to turns for nobody.
            a_flow([END, a_message("a", next="b"), a_message("b", next="a")]),
        ],
    ),
    "reachability": cases(
        [
            fails(
                a_flow([a_message("m", next="end"), END, a_message("x", next="y"), an_access("y")]),
                (Code.UNREACHABLE_STEP, "x", "id"),
                (Code.UNREACHABLE_STEP, "y", "id"),
            )
        ],
        [
            sales_flow(),
            asked(a_condition("text_validation", "end", max_attempts=1, fallback_step="end")),
            a_flow([END, an_access("x")], triggers=[{"command": "x", "target_step": "x"}]),
            # A way that cannot be read may lead there.
            a_flow([a_question("q", conditions=[{"type": "nothing"}]), END]),
            a_flow([END, an_access("x")], start="gone"),
        ],
    ),
    "unused_exits": cases(
        [
            fails(
                a_flow([a_message("m", next="end", pending="end"), END]),
                (Code.UNUSED_CONNECTION, "m", "connections.pending"),
            ),
            fails(
                a_flow([a_delay("d", next="end", retry="end"), END]), (Code.UNUSED_CONNECTION, "d", "connections.retry")
            ),
            fails(
                asked(a_condition("text_validation", "end"), next="end"),
                (Code.UNUSED_CONNECTION, "q", "connections.next"),
            ),
        ],
        [
            charged(retry="end"),
            asked(a_condition("variable", "end", name="x", value="1"), next="end"),
            asked(a_condition("text_validation", "end"), retry="end"),
        ],
    ),
}
