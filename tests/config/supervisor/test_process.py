"""No child outlives its parent; a busy port is a sentence."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.supervisor.process import free_port, require_free
from config.supervisor.trouble import Trouble
from tests.config.supervisor.test_children import is_alive, wait_for

PARENT = """
import subprocess, sys, time
from config.supervisor.process import die_with_parent
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True, {guard})
print(child.pid, flush=True)
time.sleep(600)
"""


def child_of_a_killed_parent(guard: str) -> int:
    """The child's process id, after its parent got a SIGKILL."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT.format(guard=guard)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    return child


def test_a_child_dies_with_a_killed_parent() -> None:
    child = child_of_a_killed_parent("preexec_fn=die_with_parent()")
    wait_for(lambda: not is_alive(child))


def test_without_the_guard_it_would_live_on() -> None:
    child = child_of_a_killed_parent("close_fds=True")
    assert is_alive(child)
    os.kill(child, signal.SIGKILL)


def test_a_busy_port_is_a_sentence_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Trouble) as caught:
            require_free(port)
    assert str(caught.value) == (
        f"port {port} is busy; stop what uses it, or choose another one: PORT={port + 1} make run."
    )


def test_a_free_port_is_free() -> None:
    require_free(free_port())


def test_a_port_that_is_none_is_a_sentence() -> None:
    with pytest.raises(Trouble, match="PORT is 70000, which is no port"):
        require_free(70_000)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PORT": "http"}, "trilho: PORT is 'http', which is no number.\n"),
        (
            {"DATABASE_URL": "postgres://u@127.0.0.1:1/x"},
            "trilho: the database of DATABASE_URL (127.0.0.1:1) cannot be reached: ",
        ),
        ({"DATABASE_URL": "::nonsense::"}, "trilho: DATABASE_URL is no address of a database"),
    ],
)
def test_foreseeable_trouble_is_one_sentence(environment: dict[str, str], sentence: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.supervisor", "run"],
        env=os.environ
        | {"TRILHO_RUN_DIR": str(tmp_path), "PORT": str(free_port()), "TRILHO_SKIP_BUILD": "1"}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
