"""A child process that works until its plan kills it, for tests of what a dead worker leaves behind."""

import os
import signal
import traceback
from collections.abc import Callable

from django.db import connections

from bots.crashpoints import planned

FAILED = 1


class ChildFailed(Exception):
    """The work raised in the child, which says what on standard error."""


def killed_at(plan: str, work: Callable[[], object]) -> bool:
    """Runs `work` in a forked child under a crash plan; True if the child was killed, False if it came to its end.
    Raises `ChildFailed`."""
    child = os.fork()
    if child == 0:
        code = FAILED
        try:
            # The parent's connection is not the child's to use, nor to close.
            for connection in connections.all(initialized_only=True):
                connection.connection = None
            with planned(plan):
                work()
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may run on in the child what belongs to the parent
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == FAILED:
        raise ChildFailed(plan)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
