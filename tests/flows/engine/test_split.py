"""A/B arms: shared out by weight, the same for a contact in every run, moved no more than must be."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flows.engine.effects import TimelineKind
from flows.engine.state import ContactFacts, Facts
from flows.engine.steps.split import Arm, arm_of
from tests.support.conversation import Talk
from tests.support.flows import a_question, a_split

PEOPLE = [str(number) for number in range(10_000)]


def arms(**weights: float) -> list[Arm]:
    return [Arm(name=name, weight=weight, target_step="x") for name, weight in weights.items()]


def shares(made: list[Arm], step_id: str = "ab") -> dict[str, str]:
    """Each of ten thousand contacts with the name of its arm."""
    return {who: made[arm_of(who, step_id, made)].name for who in PEOPLE}


def run_of(chat_id: int, seed: int) -> Talk:
    steps = [a_split("ab", ("A", 1, "a"), ("B", 1, "b")), a_question("a"), a_question("b")]
    talk = Talk(*steps, facts=Facts(contact=ContactFacts(chat_id=chat_id)))
    talk.state = replace(talk.state, seed=seed)
    return talk.begin()


def test_arms_get_their_weights_share() -> None:
    counts = Counter(shares(arms(A=70, B=20, C=10)).values())
    # Four standard deviations around 7,000, 2,000 and 1,000.
    assert 6_816 < counts["A"] < 7_184
    assert 1_840 < counts["B"] < 2_160
    assert 880 < counts["C"] < 1_120


def test_two_splits_are_shared_out_independently() -> None:
    both = Counter(zip(shares(arms(A=1, B=1), "one").values(), shares(arms(A=1, B=1), "two").values(), strict=True))
    assert all(2_300 < count < 2_700 for count in both.values())
    assert len(both) == 4


def test_a_contact_takes_the_same_arm_in_every_run_whatever_its_seed() -> None:
    assert {run_of(77, seed).at for seed in range(50)} == {run_of(77, 1).at}
    assert {run_of(chat, 1).at for chat in range(1, 50)} == {"a", "b"}


def test_where_no_contact_is_known_the_runs_seed_decides() -> None:
    assert {run_of(0, seed).at for seed in range(50)} == {"a", "b"}
    assert run_of(0, 5).at == run_of(0, 5).at


def test_a_heavier_arm_only_draws_contacts_to_itself() -> None:
    before, after = shares(arms(A=1, B=1, C=1)), shares(arms(A=2, B=1, C=1))
    moved = {(before[who], after[who]) for who in PEOPLE if before[who] != after[who]}
    assert moved == {("B", "A"), ("C", "A")}


def test_an_arm_taken_out_frees_only_its_own() -> None:
    before, after = shares(arms(A=1, B=1, C=1)), shares(arms(A=1, C=1))
    moved = {(before[who], after[who]) for who in PEOPLE if before[who] != after[who]}
    assert moved == {("B", "A"), ("B", "C")}


def test_the_order_of_the_arms_matters_to_nobody() -> None:
    assert shares(arms(A=1, B=2)) == shares(arms(B=2, A=1))


def test_the_arm_is_in_the_timeline() -> None:
    talk = run_of(77, 1)
    (entry,) = talk.recorded(TimelineKind.SPLIT)
    assert entry.step_id == "ab"
    assert entry.data == {"arm": (talk.at or "").upper(), "place": ("a", "b").index(talk.at or "")}


@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.lists(st.floats(min_value=5e-324, max_value=1e6), min_size=1, max_size=20),
)
def test_there_is_always_an_arm(who: str, step_id: str, weights: list[float]) -> None:
    made = [Arm(name=f"{place}", weight=weight, target_step="x") for place, weight in enumerate(weights)]
    assert 0 <= arm_of(who, step_id, made) < len(made)
