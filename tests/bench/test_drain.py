"""How many updates a second one drain works off, and what each costs this process."""

import sys
import time
from typing import Any

import pytest

from flows.runtime import runner
from tests.factories.flows import Person, make_flow_bot

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

PEOPLE = 2_000


def test_works_off(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.FLOW_SHARDS = 1
    bot = make_flow_bot()
    crowd = [Person(bot) for _ in range(PEOPLE)]
    for text in ("/start", "Ana", "33"):
        for person in crowd:
            person.say(text)
        began, cpu, done = time.perf_counter(), time.process_time(), 0
        while report := runner.drain(0).events:
            done += report
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert done == PEOPLE
        with capsys.disabled():
            sys.stdout.write(f"\n{text}: {done / took:.0f} updates/s, {cpu / done * 1000:.2f} ms of CPU each\n")
    assert all(person.texts == ["Qual é o seu nome?", "Quantos anos?", "Até logo, Ana!"] for person in crowd[:20])
