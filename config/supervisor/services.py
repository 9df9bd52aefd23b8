"""PostgreSQL and Valkey for one run: the ones named in the environment, or embedded ones."""

import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from config.supervisor.postgres import Postgres
from config.supervisor.process import free_port
from config.supervisor.roles import APP, DATABASE, OWNER, RUNTIME, create_database, create_roles
from config.supervisor.servant import servant
from config.supervisor.trouble import Trouble
from config.supervisor.valkey import Valkey


@dataclass
class Services:
    """The servers of one run. `addresses` is complete after `start`; `stop` ends only what was started here."""

    data: Path
    logs: Path
    secrets: dict[str, str]
    for_tests: bool = False
    addresses: dict[str, str] = field(default_factory=dict, init=False)
    postgres: Postgres | None = field(default=None, init=False)
    valkey: Valkey | None = field(default=None, init=False)

    def start(self) -> None:
        """Start what the environment does not name, and see that what it names answers."""
        self.logs.mkdir(parents=True, exist_ok=True)
        if os.environ.get("DATABASE_URL"):
            self._use_given_database()
        else:
            self._start_postgres()
        if os.environ.get("REDIS_URL"):
            self.addresses["REDIS_URL"] = os.environ["REDIS_URL"]
        else:
            self._start_valkey()

    def stop(self) -> None:
        """Stop the embedded servers and keep their data."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()

    def pids(self) -> dict[str, int]:
        """Process ids of the embedded servers, by name."""
        return {name: server.process.pid for name, server in self._servers().items() if server.process}

    def dead(self) -> list[str]:
        """The names of the embedded servers that have ended by themselves."""
        return [
            name for name, server in self._servers().items() if server.process and server.process.poll() is not None
        ]

    def restart(self, name: str) -> bool:
        """Start a dead server again, at its old address and with its data; whether that worked."""
        try:
            self._servers()[name].start()
        except Trouble:
            return False
        return True

    def _servers(self) -> dict[str, Postgres | Valkey]:
        found = {"postgres": self.postgres, "valkey": self.valkey}
        return {name: server for name, server in found.items() if server is not None}

    def _use_given_database(self) -> None:
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RUNTIME_URL"):
            url = os.environ.get(variable) or os.environ["DATABASE_URL"]
            self.addresses[variable] = url
            try:
                psycopg2.connect(url, connect_timeout=5).close()
            except psycopg2.OperationalError as error:
                parts = urlsplit(url)
                reason = str(error).strip().splitlines()[-1].strip()
                raise Trouble(
                    f"the database of {variable} ({parts.hostname}:{parts.port or 5432}) cannot be reached: {reason}"
                ) from None
            except psycopg2.ProgrammingError:
                raise Trouble(
                    f"{variable} is no address of a database; write postgres://user@host:5432/name."
                ) from None

    def _start_postgres(self) -> None:
        self.postgres = Postgres(
            data=self.data / "postgres",
            log=self.logs / "postgres.log",
            port=free_port(),
            password=self.secrets["postgres"],
            account=servant(),
            for_tests=self.for_tests,
        )
        self.postgres.start()
        superuser = self.postgres.superuser_url
        create_roles(superuser, self.secrets, owner_makes_databases=self.for_tests)
        create_database(superuser)
        for variable, role in (("DATABASE_OWNER_URL", OWNER), ("DATABASE_URL", APP), ("DATABASE_RUNTIME_URL", RUNTIME)):
            self.addresses[variable] = self.postgres.url(user=role, password=self.secrets[role], database=DATABASE)

    def _start_valkey(self) -> None:
        self.valkey = Valkey(
            data=self.data / "valkey",
            log=self.logs / "valkey.log",
            port=free_port(),
            password=self.secrets["valkey"],
            account=servant(),
            for_tests=self.for_tests,
        )
        self.valkey.start()
        self.addresses["REDIS_URL"] = self.valkey.url


def answers(url: str) -> bool:
    """Whether something listens where a `redis://` address points; the product starts without it."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=2):
            return True
    except OSError:
        return False
