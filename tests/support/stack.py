"""The product's own processes, started by the commands `make run` uses, on the database of the test."""

import os
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.db import connection

from config.environment import BASE_DIR
from config.supervisor.children import Child, commands
from config.supervisor.process import free_port, signal_group
from config.supervisor.servant import servant
from config.supervisor.valkey import Valkey

READY_SECONDS = 60
WATCH_SECONDS = 0.05
RESTART_SECONDS = 0.1


class Stack:
    """Web, worker, bulk worker and scheduler, with a Valkey of their own; a child that dies is started again.

    `crash_plan` is followed by the processes, each of its entries once (see `bots.crashpoints`). `polling`: there is a
    poller, and no public address. `only`: not all of the processes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        telegram_url: str,
        crash_plan: str = "",
        lease_seconds: float = 2.0,
        polling: bool = False,
        only: Collection[str] | None = None,
    ) -> None:
        self.folder = folder
        self.only = only
        self.polling = polling
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.marks = folder / "marks"
        self.deaths: list[str] = []
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        for name in ("marks", "logs", "run", "run/metrics"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.valkey = Valkey(
            data=folder / "valkey",
            log=folder / "logs" / "valkey.log",
            port=free_port(),
            password=secrets.token_urlsafe(16),
            account=servant(),
            for_tests=True,
        )
        self._environment = {
            "DATABASE_URL": _database_url(),
            "DATABASE_OWNER_URL": _database_url(),
            "DATABASE_RUNTIME_URL": _database_url(),
            "REDIS_URL": self.valkey.url,
            "CELERY_BROKER_URL": self.valkey.url,
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
            "PORT": str(self.port),
            "PUBLIC_URL": "" if polling else self.url,
            "TELEGRAM_API_BASE_URL": telegram_url,
            "TELEGRAM_BOT_RATE": "0",
            "TELEGRAM_CHAT_RATE": "0",
            "TRILHO_LEASE_SECONDS": str(lease_seconds),
            "TRILHO_RUN_DIR": str(folder / "run"),
            "CRASH_PLAN": crash_plan,
            "CRASH_MARKS": str(self.marks),
            "SWEEP_INTERVAL_MS": "100",
        }
        self.children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        self.valkey.start()
        for command in commands(
            settings="config.settings.dev",
            port=self.port,
            run_directory=self.folder / "run",
            polling=self.polling,
        ):
            if self.only is not None and command.name not in self.only:
                continue
            log = self.folder / "logs" / f"{command.name}.log"
            child = Child(replace(command, environment=self._environment | command.environment), log, BASE_DIR)
            child.delay = RESTART_SECONDS
            self.children[command.name] = child
        # The kernel ends a child with the thread that started it, so one thread starts and restarts all of them.
        started = threading.Event()
        self._watcher = threading.Thread(target=self._watch, args=(started,), daemon=True)
        self._watcher.start()
        started.wait(READY_SECONDS)
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process and wait for it."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join(READY_SECONDS)
        self.valkey.stop()

    @contextmanager
    def without_redis(self) -> Iterator[None]:
        """Inside the block cache and broker are gone, without a word; after it they come back, empty."""
        assert self.valkey.process is not None
        signal_group(self.valkey.process.pid, SIGKILL)
        self.valkey.process.wait()
        try:
            yield
        finally:
            self.valkey.start()

    def kill(self, name: str) -> None:
        """SIGKILL a process; it is started again."""
        pid = self.children[name].pid
        if pid is not None:
            signal_group(pid, SIGKILL)

    def reached(self) -> set[str]:
        """The crash points at which a process has died so far."""
        return {mark.name.split(".kill")[0].rsplit(".", 1)[0] for mark in self.marks.iterdir()}

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Return once the web answers for everything it needs."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == httpx.codes.OK:
                    return
            time.sleep(WATCH_SECONDS)
        raise AssertionError(f"the web never became ready; it says: {self.log('web')[-2000:]}")

    def _watch(self, started: threading.Event) -> None:
        for child in self.children.values():
            child.start()
        started.set()
        while not self._closing.wait(WATCH_SECONDS):
            for name, child in self.children.items():
                said = child.watch()
                child.delay = RESTART_SECONDS
                if said and "ended" in said:
                    child.restart_at = time.monotonic() + RESTART_SECONDS
                    self.deaths.append(name)
        # Without a farewell: how processes end when they are asked to is the supervisor's to test.
        for child in self.children.values():
            child.finish(deadline=0)


def _database_url() -> str:
    """The address of the database this test works on."""
    given = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}"))
