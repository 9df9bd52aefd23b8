"""Steps that are over at once (`branch`, `set`, `split`), and the variables they and questions write."""

from typing import Any

from flows.engine import limits
from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import END, Cases, asked, cases, charged, fails, ring
from tests.support.flows import (
    Document,
    a_branch,
    a_condition,
    a_flow,
    a_message,
    a_payment,
    a_question,
    a_set,
    a_split,
    an_access,
)

ADULT = a_condition("variable", "end", name="idade", op="ge", value=18)


def noted(**config: Any) -> Document:
    """A flow of one step that notes this, and an end."""
    return a_flow([a_set("note", next="end", **config), END])


def priced(*steps: Document, amount: str) -> Document:
    """A flow that goes through these steps to a payment of this amount."""
    return a_flow([*steps, a_payment("pay", amount, next="end", pending="end"), END])


CASES: dict[str, Cases] = {
    "variable_names": cases(
        [
            *(
                fails(asked(config={"save_as": name}, next="end"), (Code.RESERVED_VARIABLE, "q", "config.save_as"))
                for name in ("first_name", "payment.note")
            ),
            fails(
                noted(assign=[{"name": "ok", "value": 1}, {"name": "tags", "value": "vip"}], clear=["now", "grants"]),
                (Code.RESERVED_VARIABLE, "note", "config.assign.1.name"),
                (Code.RESERVED_VARIABLE, "note", "config.clear.0"),
                (Code.RESERVED_VARIABLE, "note", "config.clear.1"),
            ),
            fails(
                noted(assign=[{"name": "contact", "value": 1}]),
                (Code.RESERVED_VARIABLE, "note", "config.assign.0.name"),
            ),
        ],
        [
            asked(config={"save_as": "contact.first_name"}, next="end"),
            noted(assign=[{"name": "paymentx", "value": 1}], clear=["contact.tags"]),
        ],
    ),
    "ways_at_once": cases(
        [
            fails(a_flow([a_branch("fork", ADULT), END]), (Code.BRANCH_WITHOUT_NEXT, "fork", "connections.next")),
            fails(
                a_flow([a_split("ab", ("A", 1, "end"), ("B", 1, "end"), ("A", 2, "end")), END]),
                (Code.DUPLICATE_ARM, "ab", "config.arms.2.name"),
            ),
        ],
        [
            a_flow([a_branch("fork", ADULT, next="end"), END]),
            # Without any way it is a dead end, which is a problem of its own.
            a_flow([a_branch("fork"), END]),
            a_flow([a_split("ab", ("A", 1, "end"), ("a", 1, "end")), END]),
        ],
    ),
    "dead_ends": cases(
        [
            fails(a_flow([a_branch("fork"), END]), (Code.DEAD_END, "fork", "connections.next")),
            fails(a_flow([a_set("note", add_tags=["x"]), END]), (Code.DEAD_END, "note", "connections.next")),
        ],
        [a_flow([a_split("ab", ("A", 1, "end")), END])],
    ),
    "targets": cases(
        [
            fails(
                a_flow([a_split("ab", ("A", 1, "end"), ("B", 1, "nowhere")), END]),
                (Code.UNKNOWN_TARGET, "ab", "config.arms.1.target_step"),
            ),
            fails(
                a_flow([a_branch("fork", a_condition("variable", "gone", name="x", op="exists"), next="end"), END]),
                (Code.UNKNOWN_TARGET, "fork", "conditions.0.target_step"),
            ),
        ],
        [a_flow([a_split("ab", ("A", 1, "end")), END])],
    ),
    "reachability": cases(
        [
            fails(
                a_flow([a_split("ab", ("A", 1, "end")), END, an_access("left", "Oi")]),
                (Code.UNREACHABLE_STEP, "left", "id"),
            )
        ],
        [a_flow([a_split("ab", ("A", 1, "end"), ("B", 1, "other")), END, an_access("other", "Oi")])],
    ),
    "unused_exits": cases(
        [
            fails(
                a_flow([a_split("ab", ("A", 1, "end"), next="end"), END]),
                (Code.UNUSED_CONNECTION, "ab", "connections.next"),
            ),
            fails(
                a_flow([a_branch("fork", ADULT, next="end", retry="end"), END]),
                (Code.UNUSED_CONNECTION, "fork", "connections.retry"),
            ),
        ],
        [noted(add_tags=["x"])],
    ),
    "fitting_conditions": cases(
        [
            fails(
                a_flow([a_branch("fork", a_condition("time_elapsed", "end"), next="end"), END]),
                (Code.CONDITION_NEVER_FITS, "fork", "conditions.0.type"),
            ),
            fails(
                a_flow([a_split("ab", ("A", 1, "end"), conditions=[ADULT]), END]),
                (Code.CONDITION_NEVER_FITS, "ab", "conditions.0.type"),
            ),
        ],
        [a_flow([a_branch("fork", ADULT, next="end"), END])],
    ),
    "cycles": cases(
        [
            # Nobody is waited for on the way round.
            fails(
                ring(a_set("note", add_tags=["x"]), a_branch("fork", ADULT), allow_loops=True),
                (Code.UNATTENDED_CYCLE, "fork", "connections.next"),
            ),
            fails(
                a_flow([a_split("ab", ("A", 1, "note"), ("B", 1, "end")), a_set("note", clear=["x"], next="ab"), END]),
                (Code.UNATTENDED_CYCLE, "note", "connections.next"),
            ),
            fails(
                a_flow(
                    [a_split("ab", ("A", 1, "q"), ("B", 1, "end")), a_question("q", next="ab"), END], allow_loops=True
                ),
                (Code.ATTENDED_LOOP, "q", "connections.next"),
            ),
        ],
        [a_flow([a_split("ab", ("A", 1, "end"), ("B", 1, "end")), END])],
    ),
    "contents": cases(
        [fails(noted(), (Code.NOTHING_TO_SET, "note", "config"))],
        [
            noted(assign=[{"name": "x", "value": False}]),
            noted(clear=["x"]),
            noted(add_tags=["x"]),
            noted(remove_tags=["x"]),
        ],
    ),
    "placeholders": cases(
        [
            fails(
                noted(assign=[{"name": "x", "value": "{{nobody}}"}], add_tags=["{{x}}", "{{ nome completo }}"]),
                (Code.UNKNOWN_VARIABLE, "note", "config.assign.0.value"),
                (Code.BROKEN_PLACEHOLDER, "note", "config.add_tags.1"),
            )
        ],
        [
            a_flow(
                [
                    a_set("note", assign=[{"name": "x", "value": 1}], next="say"),
                    a_message("say", "{{x}}", next="end"),
                    END,
                ]
            ),
            # What is kept of the contact may come from another flow.
            a_flow([a_message("say", "{{contact.cidade}}", next="end"), END]),
        ],
    ),
    "sizes": cases(
        [
            fails(
                noted(
                    assign=[{"name": f"a{n}", "value": 1} for n in range(limits.MAX_VARIABLES)],
                    add_tags=["{{one_more}}"],
                ),
                (Code.TOO_MANY_VARIABLES, None, "flow_steps"),
            )
        ],
        [noted(assign=[{"name": f"a{n}", "value": 1} for n in range(limits.MAX_VARIABLES)])],
    ),
    "amounts": cases(
        [
            fails(
                priced(a_question("q", config={"save_as": "preco"}, next="pay"), amount="{{preco}}"),
                (Code.PRICE_FROM_CONTACT, "pay", "config.amount"),
            ),
            # An answer by a detour is an answer still.
            fails(
                priced(
                    a_question("q", config={"save_as": "a"}, next="n"),
                    a_set("n", assign=[{"name": "b", "value": "{{a}}"}, {"name": "c", "value": "1{{b}}"}], next="pay"),
                    amount="{{c}}",
                ),
                (Code.PRICE_FROM_CONTACT, "pay", "config.amount"),
            ),
            # Written by the definition here, by the contact there.
            fails(
                priced(
                    a_set("n", assign=[{"name": "preco", "value": "9.90"}], next="q"),
                    a_question("q", config={"save_as": "preco"}, next="pay"),
                    amount="{{preco}}",
                ),
                (Code.PRICE_FROM_CONTACT, "pay", "config.amount"),
            ),
            # The contact's scope is written by other flows, too.
            fails(
                priced(
                    a_set("n", assign=[{"name": "contact.preco", "value": "9.90"}], next="pay"),
                    amount="{{contact.preco}}",
                ),
                (Code.PRICE_FROM_CONTACT, "pay", "config.amount"),
            ),
            fails(charged(amount="{{preco}}"), (Code.PRICE_FROM_CONTACT, "pay", "config.amount")),
        ],
        [
            priced(a_set("n", assign=[{"name": "preco", "value": "9.90"}], next="pay"), amount="{{preco}}"),
            priced(
                a_set(
                    "n", assign=[{"name": "reais", "value": 9}, {"name": "preco", "value": "{{reais}}.90"}], next="pay"
                ),
                amount="{{preco}}",
            ),
        ],
    ),
}
