"""Flows within flows: what may be run, and what a way through it means for the flow around it."""

from dataclasses import replace

from flows.engine.catalogue import CatalogueFacts
from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import END, Cases, Passing, cases, fails
from tests.support.flows import (
    Document,
    a_condition,
    a_delay,
    a_flow,
    a_message,
    a_payment,
    a_question,
    an_access,
    buttons,
)
from tests.support.subflows import a_subflow, facts_about

ASKS = a_flow([a_question("ask", next="bye"), an_access("bye")])
SAYS = a_flow([a_message("say", next="bye"), an_access("bye")])
ENDS_AS_IT_BEGINS = a_flow(
    [
        {
            "id": "know",
            "type": "branch",
            "connections": {"next": "ask"},
            "conditions": [{"type": "variable", "name": "cidade", "op": "exists", "target_step": "bye"}],
        },
        a_question("ask", next="bye"),
        an_access("bye"),
    ]
)
NEVER_ENDS = a_flow([buttons("b", "De novo", next="b")], allow_loops=True)
OFFER = a_flow([a_payment("pay", next="vip", pending="bye"), an_access("vip"), an_access("bye")])
PAID_ONLY = a_flow([a_payment("pay", next="thanks", pending="wait"), a_delay("wait", next="pay"), an_access("thanks")])
IN_STARS = a_flow([a_payment("pay", "5", config={"currency": "XTR"}, next="end", pending="end"), END])
SAVES = a_flow([a_question("ask", config={"save_as": "cidade"}, next="bye"), an_access("bye")])
GIVES = an_access("vip", config={"link": "https://example.com/vip"})
ITSELF = CatalogueFacts(flow_id="self", flow_name="Venda")


def runs(*flows: str) -> Document:
    """A flow that runs these one after the other."""
    ids = [f"s{place}" for place in range(len(flows))]
    steps = [a_subflow(ids[n], flow, next=ids[n + 1] if n + 1 < len(ids) else "end") for n, flow in enumerate(flows)]
    return a_flow([*steps, END])


def knowing(**flows: Document) -> CatalogueFacts:
    return replace(ITSELF, flows=facts_about(**flows))


def nested(depth: int) -> dict[str, Document]:
    """`f1` asks; each of the others runs the one before."""
    return {"f1": ASKS, **{f"f{n}": runs(f"f{n - 1}") for n in range(2, depth + 1)}}


def of_steps(size: int) -> Document:
    return a_flow([a_question("ask", next="m1"), *(an_access(f"m{n}") for n in range(1, size))])


CASES: dict[str, Cases] = {
    "subflows": cases(
        [
            fails(runs("gone"), (Code.UNKNOWN_FLOW, "s0", "config.flow"), catalogue=ITSELF),
            fails(runs("asks", "gone"), (Code.UNKNOWN_FLOW, "s1", "config.flow"), catalogue=knowing(asks=ASKS)),
            fails(runs("self"), (Code.SUBFLOW_CYCLE, "s0", "config.flow"), catalogue=ITSELF),
            fails(
                runs("middle"),
                (Code.SUBFLOW_CYCLE, "s0", "config.flow"),
                catalogue=knowing(self=ASKS, inner=runs("self"), middle=runs("inner")),
            ),
            fails(runs("f6"), (Code.SUBFLOW_TOO_DEEP, "s0", "config.flow"), catalogue=knowing(**nested(6))),
            fails(
                runs(*(f"big{n}" for n in range(6))),
                (Code.TOO_MANY_EMBEDDED_STEPS, None, "flow_steps"),
                catalogue=knowing(**{f"big{n}": of_steps(1_000) for n in range(6)}),
            ),
            fails(runs("says", "says"), (Code.REPEATED_SUBFLOW, "s1", "config.flow"), catalogue=knowing(says=SAYS)),
            fails(
                runs("knows", "knows"),
                (Code.REPEATED_SUBFLOW, "s1", "config.flow"),
                catalogue=knowing(knows=ENDS_AS_IT_BEGINS),
            ),
            # The same steps by way of another flow.
            fails(
                runs("outer", "says"),
                (Code.REPEATED_SUBFLOW, "s1", "config.flow"),
                catalogue=knowing(says=SAYS, outer=runs("says")),
            ),
            fails(
                a_flow(
                    [
                        a_subflow("s0", "says", next="m"),
                        a_message("m", next="s1"),
                        a_subflow("s1", "says", next="end"),
                        END,
                    ]
                ),
                (Code.REPEATED_SUBFLOW, "s1", "config.flow"),
                catalogue=knowing(says=SAYS),
            ),
        ],
        [
            Passing(runs("asks"), knowing(asks=ASKS)),
            Passing(runs("asks", "asks"), knowing(asks=ASKS)),
            Passing(runs("says", "asks", "other"), knowing(says=SAYS, asks=ASKS, other=ASKS)),
            Passing(runs("f5"), knowing(**nested(5))),
            # Two flows that run the same third one after a wait.
            Passing(runs("a", "b"), knowing(asks=ASKS, a=runs("asks"), b=runs("asks"))),
            Passing(
                a_flow(
                    [
                        a_subflow("s0", "says", next="b"),
                        buttons("b", "Ok", next="s1"),
                        a_subflow("s1", "says", next="end"),
                        END,
                    ]
                ),
                knowing(says=SAYS),
            ),
            Passing(runs(*(f"big{n}" for n in range(5))), knowing(**{f"big{n}": of_steps(1_000) for n in range(5)})),
        ],
    ),
    "cycles": cases(
        [
            fails(
                a_flow([a_subflow("s", "says", next="m"), a_message("m", next="s")]),
                (Code.UNATTENDED_CYCLE, "m", "connections.next"),
                catalogue=knowing(says=SAYS),
            ),
            # Its branch comes through without asking.
            fails(
                a_flow([a_subflow("s", "knows", next="s")], allow_loops=True),
                (Code.UNATTENDED_CYCLE, "s", "connections.next"),
                catalogue=knowing(knows=ENDS_AS_IT_BEGINS),
            ),
            fails(
                a_flow([a_subflow("s", "asks", next="m"), a_message("m", next="s")]),
                (Code.CYCLE, "m", "connections.next"),
                catalogue=knowing(asks=ASKS),
            ),
            fails(
                a_flow([a_subflow("s", "asks", next="s")], allow_loops=True),
                (Code.ATTENDED_LOOP, "s", "connections.next"),
                catalogue=knowing(asks=ASKS),
            ),
        ],
        [
            Passing(runs("asks", "says"), knowing(asks=ASKS, says=SAYS)),
            # What never returns leads nowhere.
            Passing(a_flow([a_subflow("s", "shop", next="s")]), knowing(shop=NEVER_ENDS)),
        ],
    ),
    "reachability": cases(
        [
            fails(runs("shop"), (Code.UNREACHABLE_STEP, "end", "id"), catalogue=knowing(shop=NEVER_ENDS)),
            fails(
                runs("outer"),
                (Code.UNREACHABLE_STEP, "end", "id"),
                catalogue=knowing(shop=NEVER_ENDS, outer=runs("shop")),
            ),
        ],
        [Passing(runs("asks"), knowing(asks=ASKS)), runs("gone")],
    ),
    "dead_ends": cases(
        [
            fails(
                a_flow([a_subflow("s", "asks")]), (Code.DEAD_END, "s", "connections.next"), catalogue=knowing(asks=ASKS)
            ),
            fails(
                a_flow([a_subflow("s", "asks", conditions=[a_condition("time_elapsed", "end")]), END]),
                (Code.DEAD_END, "s", "connections.next"),
            ),
        ],
        [runs("asks")],
    ),
    "fitting_conditions": cases(
        [
            fails(
                a_flow([a_subflow("s", "asks", next="end", conditions=[a_condition("time_elapsed", "end")]), END]),
                (Code.CONDITION_NEVER_FITS, "s", "conditions.0.type"),
            )
        ],
        [runs("asks")],
    ),
    "unpaid_access": cases(
        [
            fails(
                a_flow([a_subflow("s", "offer", next="vip"), GIVES]),
                (Code.UNPAID_ACCESS, "vip", "id"),
                catalogue=knowing(offer=OFFER),
            )
        ],
        [
            # Whoever comes out of it has paid.
            Passing(a_flow([a_subflow("s", "paid", next="vip"), GIVES]), knowing(paid=PAID_ONLY)),
            Passing(a_flow([a_subflow("s", "asks", next="vip"), GIVES]), knowing(asks=ASKS)),
        ],
    ),
    "stars_beside_pix": cases(
        [fails(runs("offer"), (Code.PIX_WITHOUT_STARS, None, "flow_steps"), catalogue=knowing(offer=OFFER))],
        [
            Passing(runs("asks"), knowing(asks=ASKS)),
            Passing(runs("offer", "stars"), knowing(offer=OFFER, stars=IN_STARS)),
        ],
    ),
    "placeholders": cases(
        [
            fails(
                a_flow([a_message("m", "{{cidade}}", next="end"), END]),
                (Code.UNKNOWN_VARIABLE, "m", "config.text"),
                catalogue=knowing(city=SAVES),
            )
        ],
        [
            Passing(
                a_flow([a_subflow("s", "outer", next="m"), a_message("m", "{{cidade}}", next="end"), END]),
                knowing(city=SAVES, outer=runs("city")),
            )
        ],
    ),
}
