"""`make run` for real: it starts, restarts, refuses, stops and keeps the data."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from config.supervisor.process import free_port
from config.supervisor.servant import data_directory

pytestmark = pytest.mark.processes

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DEADLINE = 120.0
# What the suite's own bootstrap sets.
OURS = ("DATABASE_", "REDIS_", "CELERY_", "TRILHO_", "DJANGO_", "SECRET_", "FIELD_", "TEST_", "PYTEST_", "PUBLIC_")


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Look until it is so; fail with what was waited for."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)


@dataclass
class Run:
    """One supervisor as a person starts it, in a run directory of its own."""

    directory: Path
    port: int
    process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """This process's, without the test suite's servers and settings."""
        ours = (
            "DATABASE_",
            "REDIS_",
            "CELERY_",
            "TRILHO_",
            "DJANGO_",
            "SECRET_",
            "FIELD_",
            "TEST_",
            "PYTEST_",
            "PUBLIC_",
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {
            "PORT": str(self.port),
            "TRILHO_RUN_DIR": str(self.directory),
            "TRILHO_SKIP_BUILD": "1",
            # Nothing of a test leaves this machine.
            "TELEGRAM_API_BASE_URL": "http://127.0.0.1:1",
        }

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.supervisor", "run"],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=output,
                stderr=output,
                text=True,
                start_new_session=True,
            )
        wait_until(lambda: "ready at" in self.output.read_text() or not self.is_alive, "ready")
        assert self.is_alive, self.output.read_text()

    @property
    def output(self) -> Path:
        """What it said at the terminal."""
        return self.directory.with_suffix(".out")

    @property
    def is_alive(self) -> bool:
        """Whether the supervisor runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def services(self) -> dict[str, Any]:
        """What it published."""
        content: dict[str, Any] = json.loads((self.directory / "services.json").read_text())
        return content

    def family(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        assert self.process is not None
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def stop(self, sign: signal.Signals) -> int:
        """Send a signal; the exit code."""
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(DEADLINE)

    def status(self, page: str) -> int:
        """The status of a page; 0 if nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", page)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def manage(self, *arguments: str) -> str:
        """A management command beside it, as a person types one."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def again(self) -> subprocess.CompletedProcess[str]:
        """What a second start in the same folder says."""
        return subprocess.run(
            [sys.executable, "-m", "config.supervisor", "run"],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A running product; the tests below share it, in order, and the last one stops it."""
    one = Run(tmp_path_factory.mktemp("supervised") / "run", free_port())
    one.directory.mkdir()
    try:
        one.start()
        yield one
    finally:
        if one.is_alive:
            one.stop(signal.SIGTERM)
        data = data_directory(one.directory)
        if data != one.directory:
            shutil.rmtree(data, ignore_errors=True)


def test_is_alive_and_ready(run: Run) -> None:
    assert (run.status("/healthz"), run.status("/readyz")) == (200, 200)


def test_every_process_runs_and_is_published(run: Run) -> None:
    processes = run.services["processes"]
    assert set(processes) == {"postgres", "valkey", "web", "worker", "bulk", "scheduler", "poller"}
    assert all(psutil.pid_exists(pid) for pid in processes.values())


def test_no_process_of_the_product_is_a_database_superuser(run: Run) -> None:
    users = {urlsplit(url).username for name, url in run.services.items() if name.startswith("DATABASE")}
    assert users == {"trilho_owner", "trilho_app", "trilho_runtime"}


def test_secrets_and_addresses_are_readable_by_us_alone(run: Run) -> None:
    for name in ("services.json", "secrets.json"):
        assert (run.directory / name).stat().st_mode & 0o077 == 0
    assert run.directory.stat().st_mode & 0o077 == 0


def test_management_commands_work_beside_it(run: Run) -> None:
    assert "[ ]" not in run.manage("showmigrations", "--plan")


def test_a_second_one_in_the_same_folder_is_refused(run: Run) -> None:
    assert run.process is not None
    second = run.again()
    holder = f"it is already running in this folder (process {run.process.pid})"
    assert second.returncode == 1
    assert (second.stdout, second.stderr) == ("", f"trilho: {holder}; stop that one first, with Ctrl-C.\n")


@pytest.mark.parametrize("name", ["worker", "web"])
def test_a_killed_child_comes_back(run: Run, name: str) -> None:
    before = run.services["processes"][name]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: run.services["processes"][name] not in {before, None}, f"{name} started again")
    wait_until(lambda: run.status("/readyz") == 200, "ready again")
    assert f"trilho: {name} ended (-9)" in run.output.read_text()


@pytest.mark.parametrize("name", ["valkey", "postgres"])
def test_a_killed_server_comes_back_at_its_address(run: Run, name: str) -> None:
    before = run.services
    os.kill(before["processes"][name], signal.SIGKILL)
    wait_until(lambda: run.services["processes"][name] != before["processes"][name], f"{name} started again")
    wait_until(lambda: run.status("/readyz") == 200, "ready again")
    after = run.services
    assert [after[key] for key in ("DATABASE_URL", "REDIS_URL")] == [
        before[key] for key in ("DATABASE_URL", "REDIS_URL")
    ]


def test_an_interrupt_leaves_no_process_and_keeps_the_data(run: Run) -> None:
    count = ("shell", "--no-imports", "-c", "from bots.models import User; print(User.objects.count())")
    make = "from bots.models import User; User.objects.create_user(email='kept@example.com', password='not-so-easy-1')"
    run.manage("shell", "--no-imports", "-c", make)
    users = run.manage(*count)
    family = run.family()
    assert len(family) >= 7
    assert run.stop(signal.SIGINT) == 0
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert not (run.directory / "services.json").exists()
    assert run.status("/healthz") == 0
    run.start()
    assert run.manage(*count) == users
    # Killed without a word, it takes everything with it too.
    family = run.family()
    assert run.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not any(process.is_running() for process in family), "all gone after SIGKILL")
    run.start()
    assert run.manage(*count) == users
    assert run.stop(signal.SIGTERM) == 0


def test_a_busy_port_is_one_sentence(run: Run) -> None:
    blocker = subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(run.port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: run.status("/") == 200, "the port is taken")
        refused = run.again()
    finally:
        blocker.kill()
        blocker.wait()
    assert (refused.returncode, refused.stderr) == (
        1,
        f"trilho: port {run.port} is busy; stop what uses it, or choose another one: PORT={run.port + 1} make run.\n",
    )
