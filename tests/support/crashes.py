"""A child process that works until its plan kills it, for tests of what a dead worker leaves behind."""

import os
import signal
from collections.abc import Callable

from django.db import connections

from bots.crashpoints import planned


def killed_at(plan: str, work: Callable[[], object]) -> bool:
    """Runs `work` in a forked child under a crash plan; True if the child was killed, False if it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            # The parent's connection is not the child's to use, nor to close.
            for connection in connections.all(initialized_only=True):
                connection.connection = None
            with planned(plan):
                work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
