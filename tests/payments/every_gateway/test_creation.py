"""Making a charge at every gateway when things go wrong: one payable code, nothing lost, the next account is tried."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bots.tenancy import organization_scope
from flows.engine.effects import RenewPayment, RequestPayment
from flows.engine.events import ChargeFailed, ChargeReady
from payments.domain.brcode import parse
from payments.domain.money import Currency, Money
from payments.models import GatewayAccount, Payment
from payments.selectors import catalogue_part
from payments.services.accounts import accounts_to_try, ensure_sandbox_account, set_bot_accounts
from payments.services.handling import Progress, renew, request_payment
from tests.factories.gateways import PAYER, Branch, may_be_asked_again, open_branch
from tests.factories.payments import told, wish
from tests.payments.every_gateway.conftest import OpenFake
from tests.payments.gateways.test_every_gateway import CREATION
from tests.support.fake_gateways import FakeAsaas, FakeMercadoPago, FakePushinPay, FakeWoovi, Mood

WISH = replace(wish(), payer=PAYER)


def ask(branch: Branch, effect: RequestPayment = WISH, *, key: str = "run:1:0") -> Progress:
    with organization_scope(branch.shop.organization.pk):
        return request_payment(branch.shop.envelope(effect), effect, key=key)


def test_the_code_reaches_the_person_with_what_the_gateway_must_have_said(branch: Branch) -> None:
    assert ask(branch) is Progress.DONE
    payment = Payment.unscoped.get()
    (ready,) = told(branch.shop)
    assert isinstance(ready, ChargeReady)
    assert (ready.br_code, ready.amount_minor) == (branch.fake.newest().br_code, 2990)
    assert (ready.legal_text or "").startswith("A PUSHIN PAY") is isinstance(branch.fake, FakePushinPay)
    assert payment.txid == parse(payment.br_code).txid or payment.txid.startswith(parse(payment.br_code).txid[:8])
    assert payment.provider_id == branch.fake.newest().id


def test_a_lost_answer_leads_to_one_payable_charge_wherever_the_gateway_can_do_that(branch: Branch) -> None:
    branch.fake.become(Mood.LOST, match=CREATION[branch.fake.name])
    assert ask(branch) is Progress.LATER
    assert Payment.unscoped.get().creation_unknown
    may_be_asked_again()
    assert ask(branch) is Progress.DONE
    fake = branch.fake
    current = Payment.unscoped.get(superseded=False)
    assert (current.provider_id, current.br_code) == (fake.newest().id, fake.newest().br_code)
    if fake.keyed or fake.looks_up:
        assert (Payment.unscoped.count(), len(fake.entries)) == (1, 1)
        return
    # It knows no key and no lookup: the first stays watched under a key of its own, for its notice may still come.
    first = Payment.unscoped.get(superseded=True)
    assert (len(fake.entries), first.creation_unknown, first.next_poll_at is not None) == (2, True, True)
    assert first.idempotency_key != current.idempotency_key


def test_a_creation_that_was_never_carried_out_is_looked_for_and_made_once(branch: Branch) -> None:
    branch.fake.become(Mood.CUT, match=CREATION[branch.fake.name])
    assert ask(branch) is Progress.LATER
    assert ask(branch) is Progress.DONE
    assert len(branch.fake.entries) == 1
    assert Payment.unscoped.get(superseded=False).provider_id == branch.fake.newest().id
    # Only a key makes it safe to use the same one again: else the second call is a charge of its own.
    assert Payment.unscoped.count() == (1 if branch.fake.keyed else 2)


def test_the_same_key_always_goes_with_the_same_parameters(open_fake: OpenFake, settings: Any, db: None) -> None:
    branch = open_branch(open_fake(FakeMercadoPago), settings)
    branch.fake.become(Mood.LOST, match="POST /v1/payments")
    branch.fake.become(Mood.RUBBISH, match="GET /v1/payments/search")
    assert [ask(branch) for _ in range(3)] == [Progress.LATER, Progress.LATER, Progress.DONE]
    bodies = [call.body for call in branch.fake.made("POST /v1/payments")]
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.CUT, Mood.SLOW, Mood.RUBBISH, Mood.BUSY])
def test_the_next_account_takes_over(branch: Branch, open_fake: OpenFake, settings: Any, mood: Mood) -> None:
    kind = FakeWoovi if not isinstance(branch.fake, FakeWoovi) else FakeMercadoPago
    spare = open_branch(open_fake(kind), settings, shop=branch.shop)
    set_bot_accounts(
        organization_id=branch.shop.organization.pk,
        bot_id=branch.shop.bot.pk,
        account_ids=[branch.account.pk, spare.account.pk],
    )
    branch.fake.become(mood, match=CREATION[branch.fake.name])
    assert ask(branch) is Progress.DONE
    current = Payment.unscoped.get(superseded=False)
    assert (current.account_id, current.provider_id) == (spare.account.pk, spare.fake.newest().id)
    account = GatewayAccount.unscoped.get(pk=branch.account.pk)
    assert account.failing_since is not None
    assert len([event for event in told(branch.shop) if isinstance(event, ChargeReady)]) == 1
    # Where the first may have made a charge after all, it stays watched.
    assert Payment.unscoped.filter(superseded=True).count() == (0 if mood is Mood.BUSY else 1)


@pytest.mark.parametrize("chosen", ["by the step", "by the bot", "by the organization"])
def test_the_sandbox_never_takes_the_place_of_a_real_account(branch: Branch, chosen: str) -> None:
    """It is the next in the list, and would give away what nobody has paid for."""
    sandbox = ensure_sandbox_account(branch.shop.organization)
    listed = {"by the bot": [branch.account.pk, sandbox.pk]}.get(chosen, [])
    set_bot_accounts(organization_id=branch.shop.organization.pk, bot_id=branch.shop.bot.pk, account_ids=listed)
    GatewayAccount.unscoped.filter(pk=sandbox.pk).update(position=9)
    GatewayAccount.unscoped.exclude(pk__in=[sandbox.pk, branch.account.pk]).update(active=False)
    effect = replace(WISH, account_id=str(branch.account.pk)) if chosen == "by the step" else WISH
    branch.fake.become(Mood.BUSY, match=CREATION[branch.fake.name])
    assert ask(branch, effect) is Progress.LATER
    assert set(Payment.unscoped.values_list("account_id", flat=True)) <= {branch.account.pk}
    assert ask(branch, effect) is Progress.DONE
    assert Payment.unscoped.get(superseded=False).account_id == branch.account.pk


def test_beside_a_real_account_the_sandbox_charges_only_where_a_step_names_it(branch: Branch) -> None:
    """It may well have been there first."""
    sandbox = ensure_sandbox_account(branch.shop.organization)
    both = [sandbox.pk, branch.account.pk]
    set_bot_accounts(organization_id=branch.shop.organization.pk, bot_id=branch.shop.bot.pk, account_ids=both)
    GatewayAccount.unscoped.filter(pk=branch.account.pk).update(active=False)
    assert catalogue_part(branch.shop.organization.pk, branch.shop.bot.pk).accounts_in_order == ()
    tried = partial(
        accounts_to_try,
        organization_id=branch.shop.organization.pk,
        bot_id=branch.shop.bot.pk,
        amount=Money(2990, Currency.BRL),
        payer=PAYER,
        is_test=False,
    )
    assert tried(wanted_id=None) == []
    GatewayAccount.unscoped.filter(pk=branch.account.pk).update(active=True)
    assert [one.pk for one in tried(wanted_id=None)] == [branch.account.pk]
    assert [one.pk for one in tried(wanted_id=sandbox.pk)] == [sandbox.pk, branch.account.pk]
    assert catalogue_part(branch.shop.organization.pk, branch.shop.bot.pk).default_account == str(branch.account.pk)


@pytest.mark.parametrize("own", ["first", "second"])
def test_a_new_code_comes_from_the_account_that_the_step_names(
    open_fake: OpenFake, settings: Any, db: None, own: str
) -> None:
    first = open_branch(open_fake(FakeWoovi), settings)
    second = open_branch(open_fake(FakeMercadoPago), settings, shop=first.shop)
    accounts = {"first": first.account.pk, "second": second.account.pk}
    set_bot_accounts(
        organization_id=first.shop.organization.pk, bot_id=first.shop.bot.pk, account_ids=list(accounts.values())
    )
    assert ask(first, replace(WISH, account_id=str(accounts[own]))) is Progress.DONE
    again = RenewPayment(1, Payment.unscoped.get().pk)
    with organization_scope(first.shop.organization.pk):
        assert renew(first.shop.envelope(again), again, key="again") is Progress.DONE
    made = Payment.unscoped.order_by("id").values_list("account_id", "superseded")
    assert list(made) == [(accounts[own], True), (accounts[own], False)]


def test_all_down_tells_the_person_once_and_the_code_comes_later(branch: Branch) -> None:
    branch.fake.become(Mood.BUSY, times=2)
    assert [ask(branch), ask(branch)] == [Progress.LATER, Progress.LATER]
    assert ask(branch) is Progress.DONE
    kinds = [type(event) for event in told(branch.shop)]
    assert kinds == [ChargeFailed, ChargeReady]


def test_wrong_credentials_take_the_way_of_a_failed_payment(branch: Branch) -> None:
    branch.account.credentials = {}
    branch.account.save()
    assert ask(branch) is Progress.DONE
    (failed,) = told(branch.shop)
    assert isinstance(failed, ChargeFailed)
    account = GatewayAccount.unscoped.get(pk=branch.account.pk)
    assert account.last_error.startswith("credentials_refused")


@pytest.mark.parametrize(
    ("kind", "payer", "amount", "fits"),
    [
        (FakeMercadoPago, {"email": "a@b.co"}, 100, True),
        (FakeMercadoPago, {"document": "52998224725"}, 100, False),
        (FakePushinPay, {}, 50, True),
        (FakePushinPay, {}, 49, False),
        (FakeWoovi, {}, 1, True),
        (FakeAsaas, {"document": "52998224725", "name": "Ana"}, 500, True),
        (FakeAsaas, {"document": "52998224725", "name": "Ana"}, 499, False),
        (FakeAsaas, {"document": "52998224725"}, 500, False),
        (FakeAsaas, {"name": "Ana"}, 500, False),
    ],
)
def test_an_account_that_lacks_what_it_needs_is_left_out_and_nothing_invented(
    open_fake: OpenFake, settings: Any, db: None, kind: Any, payer: dict[str, str], amount: int, fits: bool
) -> None:
    branch = open_branch(open_fake(kind), settings)
    assert ask(branch, replace(wish(amount_minor=amount), payer=payer)) is Progress.DONE
    assert isinstance(told(branch.shop)[0], ChargeReady if fits else ChargeFailed)
    assert (len(branch.fake.entries), bool(branch.fake.calls)) == ((1, True) if fits else (0, False))
