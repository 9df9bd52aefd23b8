"""The run directory: who holds it, its secrets, and where the services are."""

import base64
import fcntl
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from config.supervisor.roles import ROLES
from config.supervisor.trouble import Trouble


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a file in one step, readable by us alone: readers never see half of it."""
    fresh = path.with_suffix(".fresh")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2)
        stream.write("\n")
    fresh.replace(path)


@dataclass
class RunDirectory:
    """The folder `.run`, held by one supervisor at a time."""

    path: Path
    _lock: IO[str] | None = field(default=None, init=False)

    @property
    def logs(self) -> Path:
        """Where every child writes."""
        return self.path / "logs"

    @property
    def services_file(self) -> Path:
        """Addresses and process ids, while something runs."""
        return self.path / "services.json"

    def take(self) -> None:
        """Make the folder and hold it until this process ends; Trouble if another supervisor does."""
        for folder in (self.path, self.logs, self.path / "metrics", self.path / "media"):
            folder.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        lock = (self.path / "supervisor.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise Trouble(
                f"it is already running in this folder (process {holder}); stop that one first, with Ctrl-C."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def secrets(self) -> dict[str, str]:
        """This folder's keys and passwords, made once and kept."""
        path = self.path / "secrets.json"
        try:
            kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            kept = {}
        except ValueError:
            raise Trouble(f"{path} is damaged; restore it, or remove it together with the data.") from None
        wanted = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "postgres": secrets.token_urlsafe(24),
            "valkey": secrets.token_urlsafe(24),
            **{role: secrets.token_urlsafe(24) for role in ROLES},
        }
        complete = wanted | kept
        if complete != kept:
            write_json(path, complete)
        return complete

    def publish(self, services: dict[str, Any]) -> None:
        """Say where the services are; settings of processes started by hand read it."""
        write_json(self.services_file, services)

    def withdraw(self) -> None:
        """Nothing runs any more."""
        self.services_file.unlink(missing_ok=True)
