"""A payment's gateway account is the organization's, takes the currency, and learns of the payer what it needs."""

from collections.abc import Iterator

from flows.engine.catalogue import GatewayAccountFacts
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.payment import Currency, PaymentStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document, on_step


@check
def gateways(subject: Subject) -> Iterator[Finding]:
    accounts = subject.catalogue.gateway_accounts
    default = accounts.get(subject.catalogue.default_account or "")
    unserved = False
    for step in subject.steps:
        if not isinstance(step, PaymentStep):
            continue
        named = step.config.gateway
        if named is None and step.config.currency is Currency.XTR:
            # Every bot takes Stars, without an account of anybody's.
            continue
        account = accounts.get(named) if named is not None else default
        if account is not None:
            yield from _suits(step, account)
        elif named is not None:
            yield on_step(Code.UNKNOWN_GATEWAY, step, "config.gateway", id=named)
        else:
            unserved = True
    if unserved:
        yield on_document(Code.NO_GATEWAY, "flow_steps")


def _suits(step: PaymentStep, account: GatewayAccountFacts) -> Iterator[Finding]:
    if step.config.currency not in account.currencies:
        yield on_step(Code.CURRENCY_NOT_TAKEN, step, "config.currency", currency=step.config.currency.value)
    for name in sorted(account.payer_fields):
        if getattr(step.config.payer, name, None) is None:
            yield on_step(Code.PAYER_FIELD_MISSING, step, f"config.payer.{name}", name=name)
