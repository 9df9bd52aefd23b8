"""What playing a flow's saved tests costs a publication and each check while somebody types; prints CPU time."""

import time
from uuid import UUID

import pytest

from flows.engine.compile import VersionKind, compile_flow
from flows.engine.testing.parse import parse_test
from flows.engine.testing.play import play
from tests.bench.test_definitions import shop
from tests.support.conversation_tests import PAYS, STILL_UNPAID, WRONG_THREE_TIMES
from tests.support.flows import Document, sales_flow

pytestmark = pytest.mark.bench

MANY = 50
ROUNDS = 5
VERSION = UUID(int=1)


def grown(size: int) -> Document:
    """The flow that the tests are about, beside so many steps that they never come to."""
    sale = sales_flow()
    others = [{**step, "id": f"x_{step['id']}"} for step in shop(size)["flow_steps"]]
    return {**sale, "flow_steps": [*sale["flow_steps"], *others]}


@pytest.mark.parametrize("size", [10, 500])
def test_fifty_tests(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    documents = [(PAYS, WRONG_THREE_TIMES, STILL_UNPAID)[n % 3] for n in range(MANY)]
    document = grown(size)
    reading = compiling = playing = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        tests = [parse_test(one).test for one in documents]
        read = time.process_time()
        flow = compile_flow(VERSION, document, kind=VersionKind.TEST)
        compiled = time.process_time()
        assert all(test is not None and play(flow, test).ok for test in tests)
        played = time.process_time()
        reading, compiling, playing = (
            min(reading, read - begun),
            min(compiling, compiled - read),
            min(playing, played - compiled),
        )
    read_ms, compile_ms, play_ms = reading * 1000, compiling * 1000, playing * 1000
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{MANY} tests on {len(document['flow_steps'])} steps: read {read_ms:.1f} ms, "
            f"compile once {compile_ms:.1f} ms, play {play_ms:.1f} ms ({play_ms / MANY:.2f} ms a test)"
        )
