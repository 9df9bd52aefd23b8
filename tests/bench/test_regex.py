"""What the worst patterns cost. Run by `make bench`; it measures and prints, it asserts nothing about time."""

import sys
import time
import timeit

import pytest

from flows.engine.conditions import Occasion, Stimulus, TextValidation, Validation
from tests.support.regexes import EVIL, attack_on

pytestmark = pytest.mark.bench


def test_the_worst_patterns_on_the_longest_text(capsys: pytest.CaptureFixture[str]) -> None:
    slowest = 0.0
    for pattern in EVIL:
        condition = TextValidation(target_step="x", validation=Validation.REGEX, value=pattern)
        stimulus = Stimulus(Occasion.ANSWER, text=attack_on(pattern))
        assert condition.matches(stimulus) is False
        took = min(timeit.repeat(lambda: condition.matches(stimulus), number=1, repeat=5, timer=time.process_time))  # noqa: B023
        slowest = max(slowest, took)
    with capsys.disabled():
        sys.stdout.write(
            f"\nregex: the slowest of {len(EVIL)} hostile patterns on 8,192 characters {slowest * 1e3:.1f} ms\n"
        )
