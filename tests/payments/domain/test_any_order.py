"""An order, its charges and their gateway, in any order of events: what is told late, twice, never or falsely changes
nothing about where the money ends.

The same model is driven twice: by Hypothesis, which makes a failure small, and by thousands of seeded walks.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from payments.domain.events import EventKind, LedgerLine
from payments.domain.ledger import GAVE_BACK, fold
from payments.domain.money import Currency, Money
from payments.domain.states import (
    PATHS,
    SETTLED,
    STILL_HERE,
    UNPAID,
    Current,
    Notice,
    Outcome,
    PaymentStatus,
    transition,
)

S = PaymentStatus
PRICE = Money(2990, Currency.BRL)
WALKS, STEPS = 4_000, 25
MOST_CODES: Final = 3


@dataclass
class Entry:
    """A charge in the gateway's books: what it answers when it is asked."""

    answer: Notice = field(default_factory=lambda: Notice(S.PENDING, amount=PRICE))

    @property
    def status(self) -> PaymentStatus:
        return self.answer.status

    def becomes(self, status: PaymentStatus, **more: object) -> None:
        self.answer = replace(self.answer, status=status, **more)  # type: ignore[arg-type]


@dataclass
class Row:
    """The same charge in ours."""

    status: PaymentStatus = S.PENDING
    late: bool = False
    overpaid: bool = False
    arrivals: int = 0
    refunded: int = 0
    lines: list[LedgerLine] = field(default_factory=list)


class Till:
    """One sale. Acts are numbered, so that chance or Hypothesis may choose them."""

    def __init__(self) -> None:
        self.entries, self.rows = [Entry()], [Row()]
        self.paid_by: int | None = None
        self.grants = 0
        self.served = 0
        # Every answer the gateway ever gave, to come once more at any time.
        self.spoken: list[tuple[int, Notice]] = []
        self.acts: tuple[Callable[[int], None], ...] = (
            self.new_code,
            self.pay,
            self.fail,
            self.expire,
            self.give_back,
            self.dispute,
            self.end_dispute,
            self.ask,
            self.hear_again,
            self.our_clock,
            self.forge,
            self.serve,
        )

    # What the buyer and the gateway do.

    def new_code(self, which: int) -> None:
        if len(self.entries) < MOST_CODES and self.paid_by is None:
            self.entries.append(Entry())
            self.rows.append(Row())

    def pay(self, which: int) -> None:
        """In time, after the end, or once more."""
        entry = self._entry(which)
        if entry.status in UNPAID or entry.status is S.PAID:
            before = entry.answer.received or Money(0, Currency.BRL)
            entry.becomes(S.PAID, received=before + PRICE)

    def fail(self, which: int) -> None:
        if self._entry(which).status is S.PENDING:
            self._entry(which).becomes(S.FAILED)

    def expire(self, which: int) -> None:
        if self._entry(which).status is S.PENDING:
            self._entry(which).becomes(S.EXPIRED)

    def give_back(self, which: int) -> None:
        entry = self._entry(which)
        if entry.status is S.PAID and which % 2:
            entry.becomes(S.PARTIALLY_REFUNDED, refunded=Money(1000, Currency.BRL))
        elif entry.answer.refunded == Money(1000, Currency.BRL) and which % 2:
            entry.becomes(entry.status, refunded=Money(2000, Currency.BRL))
        elif entry.status is S.DISPUTED and which % 2:
            # Asked for before the dispute was known; it arrives in its midst.
            before = entry.answer.refunded or Money(0, Currency.BRL)
            entry.becomes(S.DISPUTED, refunded=max(before, Money(1000, Currency.BRL)))
        elif entry.status in (S.PAID, S.PARTIALLY_REFUNDED):
            entry.becomes(S.REFUNDED, refunded=entry.answer.received)

    def dispute(self, which: int) -> None:
        entry = self._entry(which)
        if entry.status in STILL_HERE and not entry.answer.dispute_won:
            entry.becomes(S.DISPUTED)

    def end_dispute(self, which: int) -> None:
        entry = self._entry(which)
        if entry.status is S.DISPUTED and which % 2:
            entry.becomes(S.PARTIALLY_REFUNDED if entry.answer.refunded else S.PAID, dispute_won=True)
        elif entry.status is S.DISPUTED:
            entry.becomes(S.REFUNDED, refunded=entry.answer.received)

    # What reaches us: a notice, a poll and a press all make us ask.

    def ask(self, which: int) -> None:
        place = which % len(self.entries)
        answer = self.entries[place].answer
        self.spoken.append((place, answer))
        self._hear(place, answer)
        if answer.status in SETTLED:
            assert self.rows[place].status in SETTLED, "money that matches the charge was refused"

    def hear_again(self, which: int) -> None:
        """An answer that another one overtook."""
        if self.spoken:
            self._hear(*self.spoken[which % len(self.spoken)])

    def our_clock(self, which: int) -> None:
        self._hear(which % len(self.entries), Notice(S.EXPIRED))

    def forge(self, which: int) -> None:
        """Of another amount or currency: it may be noted, and moves nothing that is unpaid. (Once the sale is paid, any
        money of another charge of it is booked as a second payment, whatever its amount.)"""
        place = which % len(self.entries)
        if self.paid_by not in (None, place):
            return
        before = replace(self.rows[place], lines=list(self.rows[place].lines))
        for lie in (
            Notice(S.PAID, amount=PRICE, received=Money(1, Currency.BRL)),
            Notice(S.PAID, amount=Money(2991, Currency.BRL)),
            Notice(S.PAID, amount=Money(2990, Currency.XTR)),
            Notice(S.PAID, received=Money(2990, Currency.XTR)),
        ):
            self._hear(place, lie)
        if before.status in UNPAID:
            assert self.rows[place] == before

    def serve(self, which: int) -> None:
        if self.grants and not self.served:
            self.served += 1

    def _hear(self, place: int, notice: Notice) -> None:
        row = self.rows[place]
        another = self.paid_by is not None and self.paid_by != place
        current = Current(row.status, PRICE, order_paid_by_another=another, refunded_minor=row.refunded)
        decision = transition(current, notice)
        late, overpaid = decision.late, decision.overpaid
        for status in decision.path:
            assert not (row.status in SETTLED and status in UNPAID), "it went backwards"
            assert row.status is not S.REFUNDED, "what was given back came again"
            arrives = status is S.PAID and row.status in UNPAID
            minor = (notice.received or PRICE).minor if arrives else 0
            if status in GAVE_BACK:
                untold = PRICE if status is S.REFUNDED else Money(0, Currency.BRL)
                row.refunded = minor = max(row.refunded, (notice.refunded or untold).minor)
            row.lines.append(LedgerLine(EventKind.MOVED, row.status, status, minor, late=late, overpaid=overpaid))
            row.status = status
            row.arrivals += arrives
            if arrives and self.paid_by is None:
                self.paid_by = place
                self.grants += 1
            late = overpaid = False
        if decision.outcome is Outcome.SAME and decision.overpaid:
            minor = notice.received.minor if notice.received else 0
            row.lines.append(LedgerLine(EventKind.FLAGGED, row.status, row.status, minor, overpaid=True))
        row.late, row.overpaid = row.late or decision.late, row.overpaid or decision.overpaid

    def _entry(self, which: int) -> Entry:
        return self.entries[which % len(self.entries)]

    # What must be true.

    def check(self) -> None:
        """At any moment."""
        paid = [place for place, row in enumerate(self.rows) if row.arrivals]
        assert all(row.arrivals <= 1 for row in self.rows), "one charge was paid twice over"
        assert (self.paid_by is not None) == bool(paid)
        assert self.grants == bool(paid), "one access for money, none without"
        assert self.served <= self.grants
        for place in paid:
            assert place == self.paid_by or self.rows[place].overpaid, "a second payment that nobody sees"
        for row in self.rows:
            standing = fold(row.lines)
            assert (standing.status, standing.late, standing.overpaid) == (row.status, row.late, row.overpaid)

    def check_at_rest(self) -> None:
        """Once the gateway was asked until its answers change nothing (one may both move a charge and tell of a second
        payment): our books are its books."""
        for place in range(len(self.entries)):
            self.ask(place)
            self.ask(place)
        self.check()
        for entry, row in zip(self.entries, self.rows, strict=True):
            if entry.status in SETTLED:
                assert row.status is entry.status
            else:
                assert row.status in UNPAID
            received, standing = entry.answer.received or Money(0, Currency.BRL), fold(row.lines)
            assert standing.refunded_minor <= standing.received_minor <= received.minor
            if entry.status is S.PAID:
                assert standing.received_minor == received.minor
                assert row.overpaid or received == PRICE, "paid twice, and nobody sees"
            if entry.status is S.REFUNDED:
                assert standing.net_minor == 0
            elif entry.status in SETTLED:
                assert standing.refunded_minor == (entry.answer.refunded or Money(0, Currency.BRL)).minor


class AnyOrder(RuleBasedStateMachine):
    """Hypothesis chooses."""

    def __init__(self) -> None:
        super().__init__()
        self.till = Till()

    @rule(act=st.integers(0, len(Till().acts) - 1), which=st.integers(0, 7))
    def something_happens(self, act: int, which: int) -> None:
        self.till.acts[act](which)

    @invariant()
    def the_promises_hold(self) -> None:
        self.till.check()

    def teardown(self) -> None:
        self.till.check_at_rest()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=200, stateful_step_count=STEPS)


def walk(seed: int) -> Till:
    chance = random.Random(seed)
    till = Till()
    for _ in range(STEPS):
        chance.choice(till.acts)(chance.randrange(8))
        till.check()
    till.check_at_rest()
    return till


def test_thousands_of_walks_end_with_the_gateways_books() -> None:
    tills = [walk(seed) for seed in range(WALKS)]
    # The walks go everywhere: else they would prove nothing.
    ends = {row.status for till in tills for row in till.rows}
    assert ends == set(S)
    moves = {(line.from_status, line.to_status) for till in tills for row in till.rows for line in row.lines}
    assert moves >= {pair for pair, path in PATHS.items() if len(path) == 1}
    assert any(row.late for till in tills for row in till.rows)
    assert any(len([row for row in till.rows if row.arrivals]) == MOST_CODES for till in tills)


def test_its_twin_that_believes_whatever_it_hears_goes_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    def believe(self: Till, place: int, notice: Notice) -> None:
        row = self.rows[place]
        row.lines.append(LedgerLine(EventKind.MOVED, row.status, notice.status, PRICE.minor))
        row.arrivals += notice.status is S.PAID
        row.status = notice.status

    monkeypatch.setattr(Till, "_hear", believe)
    broken = 0
    for seed in range(100):
        try:
            walk(seed)
        except (AssertionError, ValueError):
            broken += 1
    assert broken > 50
