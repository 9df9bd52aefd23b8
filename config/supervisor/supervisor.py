"""`make run`: prepare, start, watch, stop."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from config.supervisor import frontend
from config.supervisor.children import Child, commands
from config.supervisor.process import die_with_parent, require_free
from config.supervisor.rundir import RunDirectory
from config.supervisor.servant import data_directory
from config.supervisor.services import Services, answers
from config.supervisor.trouble import Trouble

READY_SECONDS = 60
STOP_SECONDS = 15
TICK_SECONDS = 0.2
# An embedded server that ends this often in so many seconds is not started any more.
REVIVALS = 5
REVIVAL_SECONDS = 60
SETTINGS = "config.settings.dev"


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(f"trilho: {text}", flush=True)


@dataclass
class Supervisor:
    """One run of everything, from the lock on the run directory to the last process gone."""

    base: Path
    run: RunDirectory
    port: int
    public_url: str
    children: list[Child] = field(default_factory=list, init=False)
    services: Services | None = field(default=None, init=False)
    stopping: bool = field(default=False, init=False)
    revivals: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list), init=False)

    def serve(self) -> int:
        """Run until a signal comes; the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self.run.take()
        require_free(self.port)
        try:
            self._start()
            while not self.stopping:
                self._watch()
                time.sleep(TICK_SECONDS)
        except Stopped:
            pass
        finally:
            self._stop()
        return 0

    def _start(self) -> None:
        secrets = self.run.secrets()
        os.environ.setdefault("SECRET_KEY", secrets["SECRET_KEY"])
        os.environ.setdefault("FIELD_ENCRYPTION_KEYS", secrets["FIELD_ENCRYPTION_KEYS"])
        os.environ["TRILHO_RUN_DIR"] = str(self.run.path)
        if not os.environ.get("TRILHO_SKIP_BUILD"):
            frontend.build(self.base)
        self.services = Services(data=data_directory(self.run.path), logs=self.run.logs, secrets=secrets)
        self.services.start()
        self._publish()
        if not answers(self.services.addresses["REDIS_URL"]):
            say("REDIS_URL does not answer; going on without it: everything works, only more slowly.")
        demo = self._prepare_database()
        for stale in (self.run.path / "metrics").glob("*.db"):
            stale.unlink()
        for command in commands(
            settings=os.environ.get("DJANGO_SETTINGS_MODULE", SETTINGS),
            port=self.port,
            run_directory=self.run.path,
            polling=not self.public_url,
        ):
            child = Child(command, self.run.logs / f"{command.name}.log", self.base)
            self.children.append(child)
            child.start()
        self._publish()
        self._wait_until_ready()
        self._greet(demo)

    def _prepare_database(self) -> dict[str, Any]:
        settings = os.environ.get("DJANGO_SETTINGS_MODULE", SETTINGS)
        log = self.run.logs / "prepare.log"
        say("bringing the database up to date")
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "prepare_run"],
                cwd=self.base,
                env=os.environ | {"TRILHO_PROCESS_ROLE": "owner", "DJANGO_SETTINGS_MODULE": settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
            try:
                output, _ = process.communicate()
            except Stopped:
                process.terminate()
                process.wait()
                raise
        if process.returncode != 0:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] or ["no word"]
            raise Trouble(f"the database could not be brought up to date: {last[0].removeprefix('trilho: ')} ({log})")
        try:
            seeded = json.loads(output)
        except ValueError:
            return {}
        return seeded if isinstance(seeded, dict) else {}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self._watch()
            if self._is_ready():
                return
            time.sleep(TICK_SECONDS)
        raise Trouble(f"the web process did not become ready in {READY_SECONDS} seconds; see {self.run.logs}/web.log.")

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _watch(self) -> None:
        assert self.services is not None
        changed = self._revive_servers(self.services)
        for child in self.children:
            said = child.watch()
            if said:
                changed = True
                say(f"{child.command.name} {said}")
            for line in child.new_trouble():
                print(f"{child.command.name} | {line[:500]}", flush=True)
        if changed:
            self._publish()

    def _revive_servers(self, services: Services) -> bool:
        """Start embedded servers that died again; Trouble if one dies faster than it is started."""
        dead = services.dead()
        for name in dead:
            now = time.monotonic()
            recent = [at for at in self.revivals[name] if now - at < REVIVAL_SECONDS]
            if len(recent) >= REVIVALS:
                raise Trouble(f"the embedded {name} ends again and again; {self.run.logs / name}.log says why.")
            self.revivals[name] = [*recent, now]
            say(f"{name} ended by itself; starting it again")
            if not services.restart(name):
                # PostgreSQL waits until the last process of the dead one is gone.
                time.sleep(1)
        return bool(dead)

    def _publish(self) -> None:
        assert self.services is not None
        processes = {child.command.name: child.pid for child in self.children}
        self.run.publish(
            self.services.addresses
            | {
                "supervisor": os.getpid(),
                "port": self.port,
                "processes": {**self.services.pids(), **processes},
            }
        )

    def _greet(self, demo: dict[str, Any]) -> None:
        address = self.public_url or f"http://127.0.0.1:{self.port}"
        say(f"ready at {address}/  (staff: {address}/admin/, API: {address}/api/docs/)")
        for user in demo.get("users", []):
            if isinstance(user, dict) and user.get("password"):
                say(f"sign in as {user.get('role', 'user')}: {user.get('email')} / {user['password']}")
        say(f"logs in {self.run.logs}; Ctrl-C stops everything and keeps the data")

    def _stop(self) -> None:
        self.stopping = True
        if self.children:
            say("stopping")
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.finish(deadline)
        if self.services is not None:
            self.services.stop()
        self.run.withdraw()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        # The first signal ends whatever waits; later ones must not interrupt the stopping itself.
        if not self.stopping:
            self.stopping = True
            raise Stopped


class Stopped(Exception):
    """A signal asked us to end."""
