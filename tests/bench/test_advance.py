"""What a walk costs. Run by `make bench`; it measures and prints, it asserts nothing about time."""

import sys
import timeit
from uuid import UUID

import pytest

from flows.engine.advance import advance
from flows.engine.codec import dump_effect, dump_state, load_state
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.events import Answered, AnswerKind, Start
from flows.engine.state import new_state
from tests.support.conversation import BEGINNING, FACTS, RUN, VERSION
from tests.support.flows import a_flow, a_message, a_question

HOPS = 20
ROUNDS = 500

pytestmark = pytest.mark.bench


def test_a_walk_of_twenty_hops(capsys: pytest.CaptureFixture[str]) -> None:
    hops = [a_message(f"m{n}", "Olá {{first_name}}", next=f"m{n + 1}") for n in range(HOPS - 1)]
    document = a_flow([a_question("ask", next="m0"), *hops, a_question(f"m{HOPS - 1}")])
    flow = compile_flow(VERSION, document, kind=VersionKind.PUBLISHED)
    fresh = new_state(run_id=RUN, version_id=UUID(int=1), facts=FACTS, seed=1, now=BEGINNING)
    state, _ = advance(flow, fresh, Start(), BEGINNING)
    answer = Answered(AnswerKind.TEXT, "oi")
    after, effects = advance(flow, state, answer, BEGINNING)
    assert after.step_id == f"m{HOPS - 1}"

    stored = dump_state(after)
    costs = {
        f"advance over {HOPS} hops": timeit.timeit(lambda: advance(flow, state, answer, BEGINNING), number=ROUNDS),
        "dump_state": timeit.timeit(lambda: dump_state(after), number=ROUNDS),
        "load_state": timeit.timeit(lambda: load_state(stored), number=ROUNDS),
        f"dump_effect of {len(effects)}": timeit.timeit(lambda: [dump_effect(e) for e in effects], number=ROUNDS),
    }
    with capsys.disabled():
        sys.stdout.writelines(f"\n{name}: {seconds / ROUNDS * 1e6:.0f} µs" for name, seconds in costs.items())
