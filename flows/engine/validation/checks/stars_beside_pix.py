"""Telegram's developer terms ask for Stars where digital goods are sold: said once, calmly (a warning)."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.payment import Currency, PaymentStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document


@check
def stars_beside_pix(subject: Subject) -> Iterator[Finding]:
    currencies = {str(step.config.currency) for step in subject.steps if isinstance(step, PaymentStep)}
    if currencies.union(*(facts.currencies for facts in subject.subflows)) == {Currency.BRL}:
        yield on_document(Code.PIX_WITHOUT_STARS, "flow_steps")
