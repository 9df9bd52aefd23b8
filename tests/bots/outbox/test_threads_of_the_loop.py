"""Threads that were used before a fork are used after it, in the child as in the parent."""

import os
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from bots.outbox.loop import Threads


def answer_of_a_child(pool: Executor) -> int:
    """Five, if the pool works in a process forked off after its threads had been used here; else nothing."""
    assert pool.submit(int, "4").result(timeout=5) == 4
    child = os.fork()
    if child == 0:
        code = 0
        try:
            code = pool.submit(int, "5").result(timeout=1)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status)


def test_a_child_has_threads_of_its_own() -> None:
    pool = Threads(1, "test")
    assert answer_of_a_child(pool) == 5
    assert pool.submit(int, "6").result(timeout=5) == 6


@pytest.mark.filterwarnings("ignore")
def test_its_twin_with_a_plain_pool_waits_in_vain() -> None:
    with ThreadPoolExecutor(1, "test") as pool:
        assert answer_of_a_child(pool) == 0
