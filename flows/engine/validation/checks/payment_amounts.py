"""A payment finds an amount: its own, or the price of a button on the way to it, or of a main button (SPEC 2.4)."""

from collections.abc import Callable, Iterator

from flows.engine.expressions import is_template
from flows.engine.graph import Edge
from flows.engine.pricing import parse_amount
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.payment import Currency, PaymentStep
from flows.engine.validation.pressed import ways_of_presses
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def payment_amounts(subject: Subject) -> Iterator[Finding]:
    open_payments = [step for step in subject.steps if isinstance(step, PaymentStep) and step.config.amount is None]
    if not open_payments:
        return
    main_prices = [button.price for button in subject.document.main_buttons if button.price]
    priced = _reached_by(subject, lambda price: True)
    not_in_stars = _reached_by(subject, _not_whole)
    for step in open_payments:
        if step.id not in priced and not main_prices and subject.whole:
            yield on_step(Code.NO_AMOUNT, step, "config.amount")
        if step.config.currency is Currency.XTR and (
            step.id in not_in_stars or any(_not_whole(price) for price in main_prices)
        ):
            yield on_step(Code.STARS_NOT_WHOLE, step, "config.amount")


def _reached_by(subject: Subject, wanted: Callable[[str], bool]) -> dict[str, Edge | None]:
    """The steps that can be come to after pressing a button whose price is wanted."""
    begins = [
        edge.target
        for step in subject.steps
        if isinstance(step, ButtonsStep)
        for button, ways in zip(step.config.custom_buttons, ways_of_presses(subject, step), strict=True)
        if button.price and wanted(button.price)
        for edge in ways
    ]
    return subject.graph.reachable(begins)


def _not_whole(price: str) -> bool:
    return not is_template(price) and parse_amount(price, Currency.XTR) is None
