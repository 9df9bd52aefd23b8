"""A call goes to an address that is really called, and a GET carries nothing."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.http import HttpMethod, HttpStep
from flows.engine.urls import fault_of, is_callable
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def http_calls(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if not isinstance(step, HttpStep):
            continue
        # Of one that is no public address at all, another check tells.
        if fault_of(step.config.url) is None and not is_callable(step.config.url):
            yield on_step(Code.URL_NOT_CALLED, step, "config.url")
        if step.config.method is HttpMethod.GET and step.config.body is not None:
            yield on_step(Code.BODY_NOT_SENT, step, "config.body")
