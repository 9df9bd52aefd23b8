"""Callback data: one reference, one spelling, at most 64 bytes."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.events import BUMP_NO_BUTTON, ButtonRef
from telegram_gateway.protocol import callback_data

refs = st.builds(
    ButtonRef,
    run_id=st.uuids(),
    version_id=st.uuids(),
    ordinal=st.integers(0, 1_000),
    wait=st.integers(0, 10**9),
    index=st.integers(0, BUMP_NO_BUTTON),
)


@given(refs)
def test_survives_the_way_there_and_back(ref: ButtonRef) -> None:
    data = callback_data.encode(ref)

    assert len(data.encode()) <= 64
    assert callback_data.decode(data) == ref


@given(st.text(max_size=80))
def test_foreign_data_is_none(data: str) -> None:
    assert callback_data.decode(data) is None


REF = ButtonRef(run_id=uuid.UUID(int=1), version_id=uuid.UUID(int=2), ordinal=35, wait=36, index=0)


def test_has_the_documented_shape() -> None:
    assert callback_data.encode(REF) == "AAAAAAAAAAAAAAAAAAAAAQ" + "AAAAAAAAAAAAAAAAAAAAAg" + "z.10.0"


@pytest.mark.parametrize(
    "data",
    [
        "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAgz.10.00",
        "AAAAAAAAAAAAAAAAAAAAARAAAAAAAAAAAAAAAAAAAAAgz.10.0",
        "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAgz.10",
        "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAgz.10.0 ",
        "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAgZ.10.0",
        "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAgz.-1.0",
    ],
)
def test_another_spelling_is_not_ours(data: str) -> None:
    assert callback_data.decode(data) is None


@pytest.mark.parametrize("number", [-1, 36**20])
def test_refuses_numbers_that_do_not_fit(number: int) -> None:
    with pytest.raises(ValueError, match="callback data"):
        callback_data.encode(ButtonRef(REF.run_id, REF.version_id, ordinal=0, wait=number, index=0))
