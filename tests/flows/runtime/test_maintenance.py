"""Upkeep: what has served its purpose goes, what is still needed stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bots.ids import uuid7_floor
from flows.models import InboxKey, Timer
from flows.runtime import maintenance
from tests.factories.flows import Person, drain, make_flow_bot
from tests.support.flows import a_delay, a_flow, an_access

pytestmark = pytest.mark.django_db


def test_keys_are_kept_for_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "BATCH", 2)
    ana = Person(make_flow_bot())
    for update_id in range(6):
        ana.start(update_id=update_id)
    InboxKey.objects.filter(external_id__in=["0", "1", "2", "3", "4"]).update(
        created_at=timezone.now() - timedelta(days=31)
    )
    assert maintenance.purge() == 5
    assert [key.external_id for key in InboxKey.objects.all()] == ["5"]
    assert maintenance.purge() == 0


def test_a_timer_that_still_waits_stays_however_old_it_is() -> None:
    ana = Person(make_flow_bot(a_flow([a_delay("wait", days=90, next="bye"), an_access("bye")])))
    ana.start()
    drain()
    (armed,) = ana.timers
    old = uuid7_floor(timezone.now() - timedelta(days=31))
    Timer.unscoped.filter(pk=armed.pk).update(id=old)
    assert maintenance.purge() == 0
    Timer.unscoped.update(state="void")
    assert maintenance.purge() == 1
