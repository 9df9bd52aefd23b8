"""Children: restarted with growing delays, ended with their whole group, quiet unless in trouble."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.supervisor import children
from config.supervisor.children import Child, Command, commands

DEADLINE = 20.0


def wait_for(condition: Callable[[], bool]) -> None:
    """Look until it is so; fail if it never is."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    made: list[Child] = []

    def child(code: str) -> Child:
        made.append(Child(Command("tested", (sys.executable, "-u", "-c", code)), tmp_path / "tested.log", tmp_path))
        return made[-1]

    yield child
    for one in made:
        one.finish(time.monotonic())


def test_a_dead_child_is_started_again_after_its_delay(
    make: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make("import time; time.sleep(600)")
    child.start()
    first = child.pid
    assert first is not None
    assert child.watch() is None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: child.pid is None)
    assert child.watch() == f"ended (-9); starting again in 1 s, see {child.log}"
    assert child.watch() is None
    monkeypatch.setattr(child, "restart_at", 0.0)
    assert child.watch() == "started again"
    assert child.pid not in {None, first}


def test_delays_grow_to_a_limit(make: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch) -> None:
    child = make("raise SystemExit(3)")
    delays = []
    for _ in range(7):
        child.start()
        wait_for(lambda: child.pid is None)
        delays.append(child.delay)
        said = child.watch()
        assert said is not None
        assert said.startswith("ended (3)")
    assert delays == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_long_life_earns_a_quick_restart(make: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STABLE_SECONDS", 0.0)
    child = make("pass")
    child.delay = 30.0
    child.start()
    wait_for(lambda: child.pid is None)
    said = child.watch()
    assert said is not None
    assert "in 1 s" in said


def test_finishing_ends_the_whole_group(make: Callable[[str], Child]) -> None:
    child = make(
        "import subprocess, sys, time, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)\n"
        "time.sleep(600)"
    )
    child.start()
    wait_for(lambda: child.log.read_text().endswith("\n"))
    grandchild = int(child.log.read_text())
    pid = child.pid
    assert pid is not None
    child.ask_to_stop()
    child.finish(time.monotonic())
    wait_for(lambda: not is_alive(grandchild))
    assert not is_alive(pid)


def test_only_lines_of_trouble_reach_the_terminal(make: Callable[[str], Child]) -> None:
    child = make("")
    child.log.write_text(
        '{"event": "said", "level": "info"}\n'
        '{"event": "sweep_failed", "level": "error"}\n'
        "trilho: REDIS_URL is not set.\n"
        "Traceback (most recent call last):\n"
        "half a li"
    )
    assert child.new_trouble() == [
        '{"event": "sweep_failed", "level": "error"}',
        "trilho: REDIS_URL is not set.",
        "Traceback (most recent call last):",
    ]
    assert child.new_trouble() == []


def test_a_log_is_set_aside_before_it_fills_the_disk(
    make: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LOG_LIMIT", 10)
    child = make("")
    child.log.write_text("trilho: one line\n")
    assert child.new_trouble() == ["trilho: one line"]
    assert child.log.read_text() == ""
    assert child.log.with_suffix(".log.1").read_text() == "trilho: one line\n"


@pytest.mark.parametrize(("polling", "names"), [(True, {"poller"}), (False, set())])
def test_polls_only_without_a_public_address(polling: bool, names: set[str], tmp_path: Path) -> None:
    started = {command.name for command in commands(settings="s", port=1, run_directory=tmp_path, polling=polling)}
    assert started == {"web", "worker", "bulk", "scheduler"} | names


def test_each_process_works_as_the_role_it_needs(tmp_path: Path) -> None:
    roles = {
        command.name: command.environment["TRILHO_PROCESS_ROLE"]
        for command in commands(settings="s", port=1, run_directory=tmp_path, polling=True)
    }
    assert roles == {"web": "app", "worker": "runtime", "bulk": "app", "scheduler": "app", "poller": "runtime"}
