"""What a walk costs. Run by `make bench`; it measures and prints, it asserts nothing about time."""

import sys
import time
import timeit
from collections.abc import Callable
from uuid import UUID

import pytest

from flows.engine.advance import advance
from flows.engine.codec import dump_effect, dump_state, load_state
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.events import Answered, AnswerKind, Start
from flows.engine.state import new_state
from tests.support.conversation import BEGINNING, FACTS, RUN, VERSION
from tests.support.flows import a_flow, a_message, a_question, an_access
from tests.support.subflows import a_subflow, carrying

HOPS = 20
ROUNDS = 500

pytestmark = pytest.mark.bench


def cpu_of(run: Callable[[], object]) -> float:
    """CPU seconds of all rounds: what others do on the machine counts for little."""
    return min(timeit.repeat(run, number=ROUNDS, repeat=3, timer=time.process_time))


def test_a_walk_of_twenty_hops(capsys: pytest.CaptureFixture[str]) -> None:
    hops = [a_message(f"m{n}", "Olá {{first_name}}", next=f"m{n + 1}") for n in range(HOPS - 1)]
    document = a_flow([a_question("ask", next="m0"), *hops, a_question(f"m{HOPS - 1}")])
    flow = compile_flow(VERSION, document, kind=VersionKind.PUBLISHED)
    fresh = new_state(run_id=RUN, version_id=UUID(int=1), facts=FACTS, seed=1, now=BEGINNING)
    state, _ = advance(flow, fresh, Start(), BEGINNING)
    answer = Answered(AnswerKind.TEXT, "oi")
    after, effects = advance(flow, state, answer, BEGINNING)
    assert after.step_id == f"m{HOPS - 1}"

    inner = a_flow([*hops[: HOPS - 4], an_access(f"m{HOPS - 4}")])
    around = a_flow(
        [
            a_question("ask", next="sub"),
            a_subflow("sub", "inner", next="m0"),
            a_message("m0", next="m1"),
            a_question("m1"),
        ]
    )
    nested = compile_flow(VERSION, around, kind=VersionKind.PUBLISHED, embedded=carrying(inner=inner))
    outside, _ = advance(nested, fresh, Start(), BEGINNING)
    assert advance(nested, outside, answer, BEGINNING)[0].wait == after.wait
    stored = dump_state(after)
    costs = {
        f"advance over {HOPS} hops": cpu_of(lambda: advance(flow, state, answer, BEGINNING)),
        f"advance over {HOPS} hops through a subflow": cpu_of(lambda: advance(nested, outside, answer, BEGINNING)),
        "dump_state": cpu_of(lambda: dump_state(after)),
        "load_state": cpu_of(lambda: load_state(stored)),
        f"dump_effect of {len(effects)}": cpu_of(lambda: [dump_effect(e) for e in effects]),
    }
    with capsys.disabled():
        sys.stdout.writelines(f"\n{name}: {seconds / ROUNDS * 1e6:.0f} µs" for name, seconds in costs.items())
