"""Patterns on which a backtracking engine never ends, each with a text that makes it so."""

from typing import Final

from flows.engine import limits

# Nested and overlapping repetitions, the shapes of known attacks (OWASP, "Regular expression Denial of Service").
EVIL: Final = (
    r"^(a+)+$",
    r"^([a-zA-Z]+)*$",
    r"^(a|aa)+$",
    r"^(a|a?)+$",
    r"^(.*a){12}$",
    r"^((ab)*|a|b)*$",
    r"^(\w+\s?)*$",
    r"^(a?){30}a{12}$",
    r"^(([a-z])+.)+[a-z]+$",
    r"^(a|b|ab)*b$",
)


def attack_on(pattern: str) -> str:
    """As long a text as conditions look at: the pattern matches every beginning of it, but not the whole."""
    body = "ab" if "b" in pattern.replace(r"\b", "") and "[" not in pattern else "a"
    return (body * limits.MAX_INPUT)[: limits.MAX_INPUT - 1] + "!"
