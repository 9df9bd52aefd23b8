"""The accounts that may make a payment's charge exist, take its currency and amount, and learn what they need.

A run tries the step's own account, then the bot's list, and skips whichever cannot make the charge. What no account can
do is an error, and so is what the first one lacks of the payer; what only costs a failover is a warning.
"""

from collections.abc import Iterator, Sequence

from flows.engine.catalogue import GatewayAccountFacts
from flows.engine.expressions import is_template
from flows.engine.graph import Edge
from flows.engine.pricing import format_price, parse_amount
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.payment import Currency, PaymentStep
from flows.engine.texts import PORTUGUESE
from flows.engine.validation.pressed import ways_of_presses
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document, on_step


@check
def gateways(subject: Subject) -> Iterator[Finding]:
    accounts = subject.catalogue.gateway_accounts
    unserved = False
    for step in subject.steps:
        if not isinstance(step, PaymentStep):
            continue
        named = step.config.gateway
        if named is None and step.config.currency is Currency.XTR:
            # Every bot takes Stars, without an account of anybody's.
            continue
        first = accounts.get(named if named is not None else subject.catalogue.default_account or "")
        if first is not None:
            yield from _suits(subject, step, first)
        elif named is not None:
            yield on_step(Code.UNKNOWN_GATEWAY, step, "config.gateway", id=named)
        else:
            unserved = True
    if unserved:
        yield on_document(Code.NO_GATEWAY, "flow_steps")


def _suits(subject: Subject, step: PaymentStep, first: GatewayAccountFacts) -> Iterator[Finding]:
    currency = step.config.currency
    if currency not in first.currencies:
        yield on_step(Code.CURRENCY_NOT_TAKEN, step, "config.currency", currency=currency.value)
    listed = (subject.catalogue.gateway_accounts[one] for one in subject.catalogue.accounts_in_order)
    others = [one for one in listed if one.id != first.id and currency in one.currencies]
    yield from _payer_is_known(step, first, others)
    tried = [first, *others] if currency in first.currencies else others
    yield from _amounts_are_taken(subject, step, tried)
    yield from _code_lives_as_said(step, first)


def _payer_is_known(
    step: PaymentStep, first: GatewayAccountFacts, others: Sequence[GatewayAccountFacts]
) -> Iterator[Finding]:
    for name in sorted(first.payer_fields):
        if getattr(step.config.payer, name, None) is None:
            yield on_step(Code.PAYER_FIELD_MISSING, step, f"config.payer.{name}", name=name)
    told: set[str] = set(first.payer_fields)
    for account in others:
        for name in sorted(account.payer_fields - told):
            if getattr(step.config.payer, name, None) is None:
                told.add(name)
                field = f"config.payer.{name}"
                yield on_step(Code.ACCOUNT_LACKS_PAYER_FIELD, step, field, name=name, account=account.name)


def _amounts_are_taken(subject: Subject, step: PaymentStep, tried: Sequence[GatewayAccountFacts]) -> Iterator[Finding]:
    currency, written = step.config.currency, step.config.amount
    least = {one.id: one.least_amounts.get(currency, 1) for one in tried}
    if written is not None:
        amount = None if is_template(written) else parse_amount(written, currency)
        refusing = [one for one in tried if amount is not None and amount < least[one.id]]
        if tried and len(refusing) == len(tried):
            yield on_step(Code.AMOUNT_BELOW_MINIMUM, step, "config.amount", least=_shown(min(least.values()), currency))
            return
    else:
        below = {bound: _is_priced_below(subject, step, bound) for bound in set(least.values())}
        refusing = [one for one in tried if below[least[one.id]]]
    for account in refusing:
        shown = _shown(least[account.id], currency)
        yield on_step(Code.ACCOUNT_TAKES_MORE, step, "config.amount", account=account.name, least=shown)


def _is_priced_below(subject: Subject, step: PaymentStep, bound: int) -> bool:
    """Whether a button on the way to the step, or a main button where none is, asks for less than this."""

    def is_below(price: str | None) -> bool:
        amount = parse_amount(price, step.config.currency) if price and not is_template(price) else None
        return amount is not None and amount < bound

    begins: list[Edge] = []
    for one in subject.steps:
        if isinstance(one, ButtonsStep):
            for button, ways in zip(one.config.custom_buttons, ways_of_presses(subject, one), strict=True):
                if is_below(button.price):
                    begins.extend(ways)
    if step.id in subject.graph.reachable([edge.target for edge in begins]):
        return True
    return any(is_below(button.price) for button in subject.document.main_buttons)


def _code_lives_as_said(step: PaymentStep, account: GatewayAccountFacts) -> Iterator[Finding]:
    """The charge is made all the same, with the nearest time the gateway can do."""
    said = step.config.expires_minutes
    lives = max(said, account.shortest_minutes)
    if account.longest_minutes is not None:
        lives = min(lives, account.longest_minutes)
    if lives != said:
        yield on_step(Code.CODE_LIVES_OTHERWISE, step, "config.expires_minutes", account=account.name, minutes=lives)


def _shown(minor: int, currency: Currency) -> str:
    return format_price(minor, currency, PORTUGUESE)
