"""Never backwards, never refused when the money is right, paid once: over every order of notices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from payments.domain.events import EventKind, LedgerLine
from payments.domain.ledger import GAVE_BACK, BrokenLedger, Standing, fold
from payments.domain.money import Currency, Money
from payments.domain.rules import Matter, MoneyCase, MoneyPolicy, Rules
from payments.domain.states import (
    PATHS,
    SETTLED,
    UNPAID,
    Alarm,
    Current,
    Decision,
    Notice,
    Outcome,
    PaymentStatus,
    transition,
)

S, C, P = PaymentStatus, MoneyCase, MoneyPolicy
PRICE = Money(2990, Currency.BRL)
LESS, MORE = Money(2989, Currency.BRL), Money(2991, Currency.BRL)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

statuses = st.sampled_from(S)
money = st.one_of(st.none(), st.sampled_from([PRICE, LESS, MORE, Money(2990, Currency.XTR)]))
notices = st.builds(
    Notice,
    status=statuses,
    amount=money,
    received=money,
    occurred_at=st.one_of(st.none(), st.sampled_from([NOON - timedelta(hours=1), NOON + timedelta(hours=1)])),
    refunded=money,
    dispute_won=st.booleans(),
)


def at(status: PaymentStatus, *, another: bool = False, rules: Rules | None = None) -> Current:
    rules = rules or Rules()
    return Current(status=status, amount=PRICE, expires_at=NOON, order_paid_by_another=another, rules=rules)


def test_the_table_is_what_the_product_promises() -> None:
    assert {source: {to for one, to in PATHS if one is source} for source in S} == {
        S.PENDING: {S.PAID, S.FAILED, S.EXPIRED, S.REFUNDED, S.PARTIALLY_REFUNDED, S.DISPUTED},
        S.FAILED: {S.PAID, S.REFUNDED, S.PARTIALLY_REFUNDED, S.DISPUTED},
        S.EXPIRED: {S.PAID, S.REFUNDED, S.PARTIALLY_REFUNDED, S.DISPUTED},
        S.PAID: {S.PARTIALLY_REFUNDED, S.REFUNDED, S.DISPUTED},
        S.PARTIALLY_REFUNDED: {S.PARTIALLY_REFUNDED, S.REFUNDED, S.DISPUTED},
        S.DISPUTED: {S.PAID, S.PARTIALLY_REFUNDED, S.REFUNDED, S.DISPUTED},
        S.REFUNDED: set(),
    }


def test_a_pending_charge_is_paid_in_time() -> None:
    notice = Notice(S.PAID, amount=PRICE, received=PRICE, occurred_at=NOON)
    assert transition(at(S.PENDING), notice) == Decision(Outcome.MOVED, (S.PAID,))


@pytest.mark.parametrize("status", [S.FAILED, S.EXPIRED])
def test_late_money_is_still_money(status: PaymentStatus) -> None:
    matter = Matter(C.LATE, PRICE, P.DELIVER)
    expected = Decision(Outcome.MOVED, (S.PAID,), late=True, alarm=Alarm.LATE, matter=matter)
    assert transition(at(status), Notice(S.PAID)) == expected


def test_money_after_the_expiry_is_late_though_nobody_had_noticed_the_expiry() -> None:
    decision = transition(at(S.PENDING), Notice(S.PAID, occurred_at=NOON + timedelta(seconds=1)))
    assert (decision.path, decision.late) == ((S.PAID,), True)


def test_a_second_charge_of_a_paid_order_is_paid_and_flagged() -> None:
    decision = transition(at(S.PENDING, another=True), Notice(S.PAID, received=PRICE))
    matter = Matter(C.DOUBLE, PRICE, P.ASK_ME)
    assert decision == Decision(Outcome.MOVED, (S.PAID,), overpaid=True, alarm=Alarm.OVERPAID, matter=matter)


def test_more_than_the_price_is_paid_and_flagged() -> None:
    assert transition(at(S.PENDING), Notice(S.PAID, amount=PRICE, received=MORE)).overpaid is True


def test_a_paid_charge_that_is_paid_again_is_flagged_and_does_not_move() -> None:
    decision = transition(at(S.PAID), Notice(S.PAID, received=Money(5980, Currency.BRL)))
    matter = Matter(C.DOUBLE, PRICE, P.ASK_ME)
    assert decision == Decision(Outcome.SAME, overpaid=True, alarm=Alarm.OVERPAID, matter=matter)


@pytest.mark.parametrize(
    ("notice", "alarm"),
    [
        (Notice(S.PAID, amount=LESS), Alarm.AMOUNT_TOO_SMALL),
        (Notice(S.PAID, amount=MORE), Alarm.OVERPAID),
        (Notice(S.PAID, amount=Money(2990, Currency.XTR)), Alarm.OTHER_CURRENCY),
        (Notice(S.PAID, received=Money(2990, Currency.XTR)), Alarm.OTHER_CURRENCY),
    ],
)
def test_money_that_is_not_this_charge_pays_nothing(notice: Notice, alarm: Alarm) -> None:
    assert transition(at(S.PENDING), notice) == Decision(Outcome.REFUSED, alarm=alarm)


@pytest.mark.parametrize("policy", [P.ASK_ME, P.CREDIT, P.REFUND])
def test_too_little_pays_nothing_and_is_a_matter_for_the_rules(policy: MoneyPolicy) -> None:
    decision = transition(at(S.PENDING, rules=Rules(smaller=policy)), Notice(S.PAID, received=LESS))
    matter = Matter(C.SMALLER, LESS, policy)
    assert decision == Decision(Outcome.REFUSED, alarm=Alarm.AMOUNT_TOO_SMALL, matter=matter)


def test_too_little_pays_where_the_rules_or_a_member_say_so() -> None:
    by_rule = transition(at(S.PENDING, rules=Rules(smaller=P.DELIVER)), Notice(S.PAID, received=LESS))
    matter = Matter(C.SMALLER, LESS, P.DELIVER)
    assert by_rule == Decision(Outcome.MOVED, (S.PAID,), alarm=Alarm.AMOUNT_TOO_SMALL, matter=matter)
    by_member = transition(at(S.EXPIRED), Notice(S.PAID, received=LESS, accepted=True))
    assert by_member == Decision(Outcome.MOVED, (S.PAID,), late=True, alarm=Alarm.AMOUNT_TOO_SMALL)


def test_nothing_at_all_is_no_matter() -> None:
    decision = transition(
        at(S.PENDING, rules=Rules(smaller=P.DELIVER)), Notice(S.PAID, received=Money(0, PRICE.currency))
    )
    assert decision == Decision(Outcome.REFUSED, alarm=Alarm.AMOUNT_TOO_SMALL)


@pytest.mark.parametrize("policy", P)
@pytest.mark.parametrize(
    ("received", "case", "surplus"), [(2991, C.LARGER, 1), (5980, C.DOUBLE, 2990), (8971, C.LARGER, 5981)]
)
def test_a_surplus_in_time_is_always_served_and_only_the_surplus_is_judged(
    received: int, case: MoneyCase, surplus: int, policy: MoneyPolicy
) -> None:
    rules = Rules(double=policy, larger=policy)
    decision = transition(at(S.PENDING, rules=rules), Notice(S.PAID, received=Money(received, PRICE.currency)))
    assert decision.matter == Matter(case, Money(surplus, PRICE.currency), policy)
    assert (decision.path, decision.withheld) == ((S.PAID,), False)


@pytest.mark.parametrize("policy", P)
def test_late_money_waits_for_what_the_rules_say_but_for_deliver(policy: MoneyPolicy) -> None:
    decision = transition(at(S.EXPIRED, rules=Rules(late=policy)), Notice(S.PAID, received=PRICE))
    assert decision.matter == Matter(C.LATE, PRICE, policy)
    assert (decision.path, decision.withheld) == ((S.PAID,), policy is not P.DELIVER)


@pytest.mark.parametrize("policy", P)
def test_money_in_time_that_matches_is_nobodys_matter(policy: MoneyPolicy) -> None:
    rules = Rules(policy, policy, policy, policy)
    assert transition(at(S.PENDING, rules=rules), Notice(S.PAID, received=PRICE)) == Decision(Outcome.MOVED, (S.PAID,))


def test_a_refund_in_parts_goes_on_and_a_repeat_of_it_is_none() -> None:
    current = replace(at(S.PARTIALLY_REFUNDED), refunded_minor=500)
    more, same = (Notice(S.PARTIALLY_REFUNDED, refunded=Money(minor, PRICE.currency)) for minor in (501, 500))
    assert transition(current, more) == Decision(Outcome.MOVED, (S.PARTIALLY_REFUNDED,))
    assert transition(current, same) == Decision(Outcome.SAME)


@pytest.mark.parametrize("stale", [S.PENDING, S.FAILED, S.EXPIRED])
@pytest.mark.parametrize("settled", sorted(SETTLED))
def test_a_stale_notice_never_unpays(settled: PaymentStatus, stale: PaymentStatus) -> None:
    assert transition(at(settled), Notice(stale)) == Decision(Outcome.REFUSED)


def test_money_reported_after_a_refund_moves_nothing_and_is_seen() -> None:
    assert transition(at(S.REFUNDED), Notice(S.PAID)) == Decision(Outcome.REFUSED, alarm=Alarm.BACKWARDS)


def test_news_of_money_that_cannot_be_followed_is_seen() -> None:
    """The same part as before, and no word of who won."""
    current = replace(at(S.DISPUTED), refunded_minor=1000)
    seen = Decision(Outcome.REFUSED, alarm=Alarm.CONTRADICTION)
    assert transition(current, Notice(S.PARTIALLY_REFUNDED)) == seen
    assert transition(current, Notice(S.PARTIALLY_REFUNDED, refunded=Money(1000, PRICE.currency))) == seen


def test_what_is_left_after_a_part_went_back_can_be_disputed() -> None:
    current = replace(at(S.PARTIALLY_REFUNDED), refunded_minor=1000)
    assert transition(current, Notice(S.DISPUTED)) == Decision(Outcome.MOVED, (S.DISPUTED,), alarm=Alarm.DISPUTED)


@pytest.mark.parametrize("said", [S.PAID, S.PARTIALLY_REFUNDED])
def test_a_dispute_won_returns_to_what_was_left(said: PaymentStatus) -> None:
    in_part = replace(at(S.DISPUTED), refunded_minor=1000)
    assert transition(in_part, Notice(said, dispute_won=True)) == Decision(Outcome.MOVED, (S.PARTIALLY_REFUNDED,))
    # Of the whole amount, the gateway's word is all we have.
    assert transition(at(S.DISPUTED), Notice(said, dispute_won=True)) == Decision(Outcome.MOVED, (said,))


@pytest.mark.parametrize("said", [S.PARTIALLY_REFUNDED, S.DISPUTED])
def test_money_that_goes_back_during_a_dispute_is_booked_and_ends_nothing(said: PaymentStatus) -> None:
    current = replace(at(S.DISPUTED), refunded_minor=1000)
    more = Notice(said, refunded=Money(1001, PRICE.currency))
    assert transition(current, more) == Decision(Outcome.MOVED, (S.DISPUTED,))
    assert transition(current, replace(more, status=S.DISPUTED, refunded=Money(1000, PRICE.currency))) == Decision(
        Outcome.SAME
    )


def test_a_dispute_is_won_only_by_saying_so() -> None:
    assert transition(at(S.DISPUTED), Notice(S.PAID)) == Decision(Outcome.REFUSED)
    assert transition(at(S.DISPUTED), Notice(S.PAID, dispute_won=True)).path == (S.PAID,)


def test_a_dispute_of_a_charge_whose_payment_was_missed_goes_through_paid() -> None:
    decision = transition(at(S.EXPIRED), Notice(S.DISPUTED))
    assert (decision.path, decision.late, decision.alarm) == ((S.PAID, S.DISPUTED), True, Alarm.DISPUTED)


def test_a_refund_of_a_charge_whose_payment_was_missed_serves_nobody() -> None:
    assert transition(at(S.PENDING), Notice(S.REFUNDED)) == Decision(
        Outcome.MOVED, (S.REFUNDED,), alarm=Alarm.REFUNDED_UNSEEN
    )


@given(statuses, notices, st.booleans())
def test_every_judgement_is_legal(status: PaymentStatus, notice: Notice, another: bool) -> None:
    decision = transition(at(status, another=another), notice)
    here = status
    for there in decision.path:
        assert (here, there) in PATHS
        here = there
    assert bool(decision.path) is (decision.outcome is Outcome.MOVED)
    assert not (here in UNPAID and status in SETTLED)


@given(st.sampled_from(sorted(UNPAID)), st.booleans())
def test_paid_is_never_refused(status: PaymentStatus, another: bool) -> None:
    decision = transition(at(status, another=another), Notice(S.PAID, amount=PRICE, received=PRICE))
    assert decision.path == (S.PAID,)


class Notices(RuleBasedStateMachine):
    """Any order of notices; the ledger they write folds to the very same standing."""

    def __init__(self) -> None:
        super().__init__()
        self.status = S.PENDING
        self.overpaid = self.late = False
        self.arrivals = self.refunded = 0
        self.lines: list[LedgerLine] = []

    @rule(notice=notices)
    def hear(self, notice: Notice) -> None:
        decision = transition(replace(at(self.status), refunded_minor=self.refunded), notice)
        before = self.status
        for there in decision.path:
            arrives = there is S.PAID and self.status in UNPAID
            self.arrivals += arrives
            if there in GAVE_BACK:
                self.refunded = max(self.refunded, notice.refunded.minor if notice.refunded else 0)
            minor = PRICE.minor if arrives else self.refunded if there in GAVE_BACK else 0
            self.lines.append(LedgerLine(EventKind.MOVED, self.status, there, minor, decision.late, decision.overpaid))
            self.status = there
        if decision.outcome is Outcome.SAME and decision.overpaid:
            self.lines.append(LedgerLine(EventKind.FLAGGED, self.status, self.status, MORE.minor, overpaid=True))
        self.late, self.overpaid = self.late or decision.late, self.overpaid or decision.overpaid
        assert not (before in SETTLED and self.status in UNPAID)
        assert before is not S.REFUNDED or self.status is S.REFUNDED
        if before is S.DISPUTED and self.status not in (S.DISPUTED, S.REFUNDED):
            assert notice.dispute_won, "a dispute ended that nobody won"
            assert self.status is S.PARTIALLY_REFUNDED or not self.refunded, "what went back came again"

    @invariant()
    def paid_at_most_once(self) -> None:
        assert self.arrivals <= 1

    @invariant()
    def the_ledger_tells_the_same(self) -> None:
        standing = fold(self.lines)
        assert (standing.status, standing.late, standing.overpaid) == (self.status, self.late, self.overpaid)
        assert standing.refunded_minor == self.refunded


TestNotices = Notices.TestCase


def test_sums_are_folded_from_the_lines() -> None:
    lines = [
        LedgerLine(EventKind.CREATED, S.PENDING, S.PENDING),
        LedgerLine(EventKind.MOVED, S.PENDING, S.PAID, 2990),
        LedgerLine(EventKind.MOVED, S.PAID, S.PARTIALLY_REFUNDED, 1000),
        LedgerLine(EventKind.MOVED, S.PARTIALLY_REFUNDED, S.REFUNDED, 2990),
    ]
    assert fold(lines[:3]).net_minor == 1990
    disputed = [*lines[:3], LedgerLine(EventKind.MOVED, S.PARTIALLY_REFUNDED, S.DISPUTED, 1500)]
    assert fold(disputed) == Standing(S.DISPUTED, received_minor=2990, refunded_minor=1500)
    # A dispute that tells of no part takes none back.
    won = [
        *lines[:3],
        LedgerLine(EventKind.MOVED, S.PARTIALLY_REFUNDED, S.DISPUTED),
        LedgerLine(EventKind.MOVED, S.DISPUTED, S.PARTIALLY_REFUNDED, 1000),
    ]
    assert fold(won) == fold(lines[:3])
    assert fold(lines) == Standing(S.REFUNDED, received_minor=2990, refunded_minor=2990)


@pytest.mark.parametrize(
    "lines",
    [
        [LedgerLine(EventKind.MOVED, S.PAID, S.REFUNDED)],
        [LedgerLine(EventKind.MOVED, S.PENDING, S.PENDING)],
        [LedgerLine(EventKind.MOVED, S.PENDING, S.PAID), LedgerLine(EventKind.MOVED, S.PAID, S.EXPIRED)],
    ],
)
def test_lines_that_no_moves_could_have_written_are_refused(lines: list[LedgerLine]) -> None:
    with pytest.raises(BrokenLedger):
        fold(lines)
