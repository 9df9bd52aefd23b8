"""In a flow that charges, what is sold cannot be had without paying (a warning).

A farewell is an access too. So only those are looked at that give a link, a media or a chat, or that who paid comes to
as well.
"""

from collections.abc import Iterator

from flows.engine.graph import path_to, shown_path
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.steps.payment import PaymentStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def unpaid_access(subject: Subject) -> Iterator[Finding]:
    graph = subject.graph
    charges = any(isinstance(step, PaymentStep) for step in subject.steps)
    if not charges and not any(facts.currencies for facts in subject.subflows):
        return
    unpaid = graph.reachable(graph.roots, lambda edge: not edge.paid)
    paid = graph.reachable(edge.target for edges in graph.edges.values() for edge in edges if edge.paid)
    for step in subject.steps:
        if isinstance(step, AccessStep) and step.id in unpaid and (step.id in paid or _is_worth_something(step)):
            yield on_step(Code.UNPAID_ACCESS, step, "id", path=shown_path(path_to(step.id, unpaid)))


def _is_worth_something(step: AccessStep) -> bool:
    content = step.config
    return content.link is not None or content.media is not None or content.chat is not None
