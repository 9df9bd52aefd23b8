"""How a child process is started, so that none outlives its parent."""

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable

from config.supervisor.trouble import Trouble

PR_SET_PDEATHSIG = 1

# Loaded before any fork: what runs between fork and exec must not import or allocate much.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sign: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `sign` to the child when the thread that started it is gone.

    Start children from the main thread only: the kernel watches the thread, not the process.
    """
    parent = os.getpid()

    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(sign))
            if os.getppid() != parent:
                os.kill(os.getpid(), sign)

    return before_exec


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int) -> None:
    """Raise Trouble if something already listens on `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Trouble(
                f"port {port} is busy; stop what uses it, or choose another one: PORT={port + 1} make run."
            ) from None
        except OverflowError:
            raise Trouble(f"PORT is {port}, which is no port; choose one between 1 and 65535.") from None


def signal_group(pid: int, sign: signal.Signals) -> None:
    """Send a signal to a child's whole process group; a group that is gone is fine."""
    try:
        os.killpg(pid, sign)
    except (ProcessLookupError, PermissionError):
        return
