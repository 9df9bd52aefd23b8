"""`regex` runs in linear time and bounded memory, whatever a tenant writes and a contact sends.

Nothing is timed here: on a backtracking engine the patterns below take 2^n steps, so that a single one of these cases
would not end before the sun does. `tests/bench/test_regex.py` says how many milliseconds they take.
"""

import re

import pytest

from flows.engine import limits
from flows.engine.conditions import Occasion, Stimulus, TextValidation, Validation
from flows.engine.conditions.text_validation import compiled
from tests.support.regexes import EVIL, attack_on


def condition(pattern: str) -> TextValidation:
    return TextValidation(target_step="x", validation=Validation.REGEX, value=pattern)


@pytest.mark.parametrize("pattern", EVIL)
def test_a_pattern_that_would_hang_others_answers(pattern: str) -> None:
    text = attack_on(pattern)
    assert len(text) == limits.MAX_INPUT
    assert condition(pattern).matches(Stimulus(Occasion.ANSWER, text=text)) is False


@pytest.mark.parametrize("pattern", EVIL)
def test_and_still_says_yes_where_it_should(pattern: str) -> None:
    text = attack_on(pattern)[:12]
    assert re.search(pattern, text) is not None
    assert condition(pattern).matches(Stimulus(Occasion.ANSWER, text=text)) is True


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", r"(?=a)b", r"(?!a)b", r"(?<=a)b", r"(?<!a)b", r"(?P=name)", r"(?>a+)b", r"a++b", "(", "[", "*"],
)
def test_what_needs_backtracking_or_is_no_pattern_is_refused(pattern: str) -> None:
    assert compiled(pattern, ignore_case=True) is None


@pytest.mark.parametrize("pattern", ["(a{1000}){1000}", "((a{100}){100}){100}", r"(\pL{1000}){1000}"])
def test_a_pattern_that_would_eat_the_memory_is_refused(pattern: str) -> None:
    assert compiled(pattern, ignore_case=True) is None


def test_a_longer_text_than_a_message_is_looked_at_as_far_as_one_goes() -> None:
    far = "a" * limits.MAX_INPUT + "fim"
    assert condition("fim").matches(Stimulus(Occasion.ANSWER, text=far)) is False
