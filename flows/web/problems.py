"""Problems of a definition as a page lists them."""

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from bots.errors import DomainError, Invalid
from flows.engine.problems import Problem, Severity


def problems_in(error: DomainError) -> list[Problem]:
    """The problems of a definition that a refusal carries."""
    carried = error.problems if isinstance(error, Invalid) else ()
    return [problem for problem in carried if isinstance(problem, Problem)]


def problem_context(problems: Sequence[Problem]) -> dict[str, Any]:
    """What `components/problems.html` shows: errors first, in the order of the steps."""
    ordered = sorted(problems, key=lambda problem: problem.severity is not Severity.ERROR)
    errors = sum(problem.severity is Severity.ERROR for problem in ordered)
    return {"problems": ordered, "error_count": errors, "warning_count": len(ordered) - errors}


def problem_answer(problems: Sequence[Problem]) -> dict[str, Any]:
    """The same for the editor's script: the data that places the marks, and the list as HTML."""
    context = problem_context(problems)
    return {
        "problems": [problem.as_dict() for problem in context["problems"]],
        "list": render_to_string("components/problems.html", {**context, "jumps": True}),
        "publishable": context["error_count"] == 0,
    }
