"""A worker process: its sweeps go on with the broker dead, and it ends when it is told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.celery import QUEUES, app

DEADLINE = 60.0

# A worker as the supervisor starts it, with one sweep more: it leaves a mark each time it is called.
WORKER = """
import sys
from config.celery import app
from bots.jobs import register_sweep
import django
django.setup()
def mark():
    with open(sys.argv[1], "a") as marks:
        marks.write("x")
register_sweep("probe", mark, every_ms=20)
app.worker_main(["worker", "--pool", "threads", "--concurrency", "1", "--queues", "updates", "--loglevel", "WARNING",
                 "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    path = tmp_path / "marks"
    path.touch()
    return path


@pytest.fixture
def worker_without_broker(marks: Path) -> Iterator[subprocess.Popen[bytes]]:
    nowhere = "redis://127.0.0.1:1/0"
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(marks)],
        env=os.environ
        | {
            "CELERY_BROKER_URL": nowhere,
            "REDIS_URL": nowhere,
            # No database either: the other sweeps fail, and must not take this one with them.
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
            "DATABASE_RUNTIME_URL": "postgres://nobody@127.0.0.1:1/nothing",
            "TRILHO_PROCESS_ROLE": "runtime",
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.processes
def test_sweeps_go_on_without_broker_redis_and_database(
    worker_without_broker: subprocess.Popen[bytes], marks: Path
) -> None:
    deadline = time.monotonic() + DEADLINE
    while marks.stat().st_size < 20:
        assert worker_without_broker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, "the sweep was not called again and again"
        time.sleep(0.05)
    worker_without_broker.terminate()
    worker_without_broker.wait(DEADLINE)


def test_every_queue_is_known_and_no_other_is_made_by_a_typing_mistake() -> None:
    assert [queue.name for queue in app.conf.task_queues] == list(QUEUES)
    assert app.conf.task_create_missing_queues is False


def test_bells_are_not_kept_for_a_worker_that_died() -> None:
    # A bell is no work: the sweep looks anyway, and a bell given back rings too late.
    assert app.conf.task_acks_late is False
    assert app.conf.task_publish_retry is False


def test_what_the_scheduler_calls_exists() -> None:
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert wanted - set(app.tasks) == set()
