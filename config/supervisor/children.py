"""The product's own processes: what they are, and how one that dies comes back."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

from config.supervisor.process import die_with_parent, signal_group

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
# A child that lived this long has earned a quick restart again.
STABLE_SECONDS = 60.0
LOG_LIMIT = 20 * 1024 * 1024
# What is worth a line at the terminal; all else is in the log file.
TROUBLE = re.compile(r'"level": ?"(error|critical)"|^Traceback|^trilho: ')


@dataclass(frozen=True)
class Command:
    """One process: its name, its arguments, and what its environment adds."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def commands(*, settings: str, port: int, run_directory: Path, polling: bool) -> list[Command]:
    """Everything that runs beside the servers, in the order it is started."""
    python = sys.executable
    celery = (python, "-m", "celery", "--quiet", "-A", "config.celery")
    common = {"DJANGO_SETTINGS_MODULE": settings}
    metrics = {"PROMETHEUS_MULTIPROC_DIR": str(run_directory / "metrics")}
    web = (
        python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", os.environ.get("WEB_WORKERS", "1"), "--blocking-threads", os.environ.get("WEB_THREADS", "4"),
        "--backlog", "1024", "--workers-kill-timeout", "10", "--no-ws", "--log-level", "warning",
        "config.wsgi:application",
    )  # fmt: skip
    worker = (*celery, "worker", "--pool", "threads", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
              "--without-heartbeat")  # fmt: skip
    found = [
        Command("web", web, common | metrics | {"TRILHO_PROCESS_ROLE": "app"}),
        Command(
            "worker",
            (*worker, "--concurrency", "4", "--queues", "updates,outbox,timers,payments", "--hostname", "worker@%h"),
            common | metrics | {"TRILHO_PROCESS_ROLE": "runtime"},
        ),
        Command(
            "bulk",
            (*worker, "--concurrency", "2", "--queues", "bulk", "--hostname", "bulk@%h"),
            common | metrics | {"TRILHO_PROCESS_ROLE": "app"},
        ),
        Command(
            "scheduler",
            (*celery, "beat", "--loglevel", "WARNING", "--schedule", str(run_directory / "celerybeat-schedule"),
             "--pidfile", ""),
            common | {"TRILHO_PROCESS_ROLE": "app"},
        ),
    ]  # fmt: skip
    if polling:
        found.append(
            Command(
                "poller", (python, "manage.py", "run_polling"), common | metrics | {"TRILHO_PROCESS_ROLE": "runtime"}
            )
        )
    return found


@dataclass
class Child:
    """One command and the process that runs it now."""

    command: Command
    log: Path
    directory: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    restart_at: float = field(default=0.0, init=False)
    delay: float = field(default=FIRST_DELAY, init=False)
    _read_to: int = field(default=0, init=False)

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Start it in a process group of its own, writing to its log."""
        with self.log.open("ab") as log:
            self._read_to = log.tell()
            self.process = subprocess.Popen(
                self.command.arguments,
                cwd=self.directory,
                env=os.environ | self.command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self.started_at = time.monotonic()

    def watch(self) -> str | None:
        """Restart it if it is dead and its delay is over; what to say about it, if anything."""
        if self.process is None:
            if time.monotonic() >= self.restart_at:
                self.start()
                return "started again"
            return None
        code = self.process.poll()
        if code is None:
            return None
        # Whatever it left in its group must not serve beside its successor.
        signal_group(self.process.pid, SIGKILL)
        if time.monotonic() - self.started_at > STABLE_SECONDS:
            self.delay = FIRST_DELAY
        said = f"ended ({code}); starting again in {self.delay:.0f} s, see {self.log}"
        self.restart_at = time.monotonic() + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        self.process = None
        return said

    def ask_to_stop(self) -> None:
        """Send the polite signal to the process; it tells its own children."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(SIGTERM)

    def finish(self, deadline: float) -> None:
        """Wait until `deadline`, then end the whole group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        signal_group(self.process.pid, SIGKILL)
        self.process.wait()
        self.process = None

    def new_trouble(self) -> list[str]:
        """Lines written since the last call that a person should see; keeps the log from growing for ever."""
        try:
            size = self.log.stat().st_size
        except FileNotFoundError:
            return []
        if size < self._read_to:
            self._read_to = 0
        with self.log.open("rb") as log:
            log.seek(self._read_to)
            fresh = log.read(256 * 1024)
        whole = fresh[: fresh.rfind(b"\n") + 1] or (fresh if len(fresh) == 256 * 1024 else b"")
        self._read_to += len(whole)
        if self._read_to > LOG_LIMIT:
            # The child keeps its descriptor, opened for appending: copy, then empty.
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)
            self._read_to = 0
        lines = whole.decode("utf-8", "replace").splitlines()
        return [line for line in lines if TROUBLE.search(line)]
