"""How often it is looked whether a delivery has left."""

from datetime import timedelta

import pytest

from bots.ids import uuid7, uuid7_time
from payments.outbox_handlers import next_look


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), timedelta(seconds=1)),
        (timedelta(seconds=20), timedelta(seconds=5)),
        (timedelta(hours=5), timedelta(minutes=1)),
    ],
)
def test_what_has_not_left_is_looked_at_ever_more_seldom(age: timedelta, wait: timedelta) -> None:
    note_id = uuid7()
    now = uuid7_time(note_id) + age
    assert next_look(note_id, now) == now + wait
