"""How validating and compiling grow with the number of steps; prints CPU time, asserts nothing about it."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from flows.engine.catalogue import EMPTY_CATALOGUE, CatalogueFacts
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.embedded import read_embedded
from flows.engine.subflows import facts_carried
from flows.engine.validation import validate
from tests.support.flows import (
    Document,
    a_condition,
    a_flow,
    a_message,
    a_payment,
    a_question,
    a_step,
    an_access,
    buttons,
)
from tests.support.subflows import a_subflow, carrying, facts_about

pytestmark = pytest.mark.bench

SIZES = (10, 30, 100, 300, 1_000)
VERSION = UUID(int=1)
LINK = {"link": "https://example.com/vip"}


def questions(size: int) -> Document:
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


def shop(size: int) -> Document:
    """A sound flow that sells: menus, questions, branches, notes, payments and accesses in turn, all connected."""
    kinds: list[Callable[[str, str], Document]] = [
        lambda name, on: buttons(
            name, {"text": "A", "price": "10", "target_step": on}, {"text": "B", "target_step": on}
        ),
        lambda name, on: a_question(
            name,
            "Qual, {{first_name}}?",
            config={"save_as": "email"},
            conditions=[a_condition("text_validation", on, validation="email", max_attempts=3, fallback_step="end")],
        ),
        lambda name, on: a_step(
            name, "branch", {}, next=on, conditions=[a_condition("variable", on, name="email", op="exists")]
        ),
        lambda name, on: a_step(name, "set", {"assign": [{"name": "visto", "value": "sim"}]}, next=on),
        lambda name, on: a_payment(name, config={"pending_minutes": 10}, next=on, pending=on),
        lambda name, on: a_message(name, "Olá <b>{{email}}</b>", next=on),
    ]
    steps = [kinds[n % len(kinds)](f"s{n}", f"s{n + 1}" if n < size - 2 else "end") for n in range(size - 1)]
    return a_flow([*steps, an_access("end", config=LINK)])


def accesses(size: int) -> Document:
    """A payment, and a long way on which each second step gives what is sold to whoever has not paid."""
    half = size // 2
    ways = [
        buttons(f"b{n}", {"text": "Quero", "target_step": f"a{n}"}, {"text": "Mais", "target_step": f"b{n + 1}"})
        for n in range(half - 1)
    ]
    gifts = [an_access(f"a{n}", config=LINK) for n in range(half - 1)]
    last = a_payment(f"b{half - 1}", next="end", pending="end")
    return a_flow([*ways, last, *gifts, an_access("end", config=LINK)])


def subflows(size: int) -> Document:
    """As many subflows as fit, five flows in turn, a menu between each two."""
    names = [f"f{n}" for n in range(5)]
    steps = [
        a_subflow(f"s{n}", names[n // 2 % 5], next=f"s{n + 1}") if n % 2 else buttons(f"s{n}", "Ok", next=f"s{n + 1}")
        for n in range(size - 1)
    ]
    return a_flow([*steps, an_access(f"s{size - 1}")])


SHAPES: dict[str, Callable[[int], Document]] = {
    "questions": questions,
    "shop": shop,
    "accesses": accesses,
    "subflows": subflows,
}


def cpu_of(run: Callable[[], object], rounds: int = 7) -> float:
    """The least CPU time of a few rounds, in ms: what others do on the machine counts for little."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return min(times) * 1_000


@pytest.mark.parametrize("shape", SHAPES)
def test_growth(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    inner = {f"f{n}": shop(100) for n in range(5)}
    catalogue = CatalogueFacts(flows=facts_about(**inner)) if shape == "subflows" else EMPTY_CATALOGUE
    carried: Any = carrying(**inner) if shape == "subflows" else None
    rows = []
    for size in SIZES:
        document = SHAPES[shape](size)
        validating = cpu_of(partial(validate, document, catalogue))
        compiling = cpu_of(partial(compile_flow, VERSION, document, kind=VersionKind.PUBLISHED, embedded=carried))
        rows.append(f"{shape:>10} {size:>6} steps  validate {validating:8.2f} ms  compile {compiling:8.2f} ms")
    with capsys.disabled():
        print("\n" + "\n".join(rows))  # noqa: T201
    assert len(rows) == len(SIZES)


def test_what_a_subflow_costs_those_that_run_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Once per version and process: the facts of five subflows of 1,000 steps."""
    stored = carrying(**{f"f{n}": shop(1_000) for n in range(5)})
    document = a_flow([*(a_subflow(f"s{n}", f"f{n}", next=f"s{n + 1}") for n in range(5)), an_access("s5")])
    flow = compile_flow(VERSION, document, kind=VersionKind.PUBLISHED, embedded=stored)
    spent = cpu_of(lambda: facts_carried(flow, read_embedded(stored)), rounds=3)
    with capsys.disabled():
        print(f"\nfacts of 5 subflows of 1,000 steps each: {spent:.1f} ms")  # noqa: T201
    assert len(facts_carried(flow, read_embedded(stored))) == 5
