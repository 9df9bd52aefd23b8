"""How validating and compiling grow with the number of steps; prints, asserts nothing about time."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from flows.engine.catalogue import EMPTY_CATALOGUE
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.validation import validate
from tests.support.flows import a_condition, a_flow, a_question

pytestmark = pytest.mark.bench

SIZES = (10, 30, 100, 300, 1_000)
VERSION = UUID(int=1)


def questions(size: int) -> Any:
    """Questions in a row, each with two conditions, one of which skips ahead."""
    return a_flow(
        a_question(
            f"s{n}",
            f"Pergunta {n}: {{{{first_name}}}}?",
            config={"save_as": f"v{n % 100}"},
            position={"x": n, "y": n},
            conditions=[
                a_condition("text_validation", f"s{n + 1}", validation="email", max_attempts=3, fallback_step="s0"),
                a_condition("time_elapsed", f"s{min(n * 2 + 1, size - 1)}", minutes=5),
            ],
        )
        for n in range(size)
    )


def best_of(run: Callable[[], object], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times) * 1_000


def test_growth(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for size in SIZES:
        document = questions(size)
        validating = best_of(lambda document=document: validate(document, EMPTY_CATALOGUE))  # type: ignore[misc]
        compiling = best_of(
            lambda document=document: compile_flow(VERSION, document, kind=VersionKind.PUBLISHED)  # type: ignore[misc]
        )
        rows.append(f"{size:>6} steps  validate {validating:8.2f} ms  compile {compiling:8.2f} ms")
    with capsys.disabled():
        print("\n" + "\n".join(rows))  # noqa: T201
    assert len(rows) == len(SIZES)
