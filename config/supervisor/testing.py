"""Servers for one run of the test suite: started by the process that asks first, gone with it."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from config.supervisor.roles import ROLES
from config.supervisor.servant import servant
from config.supervisor.services import Services


def ensure_servers() -> None:
    """Set `DATABASE_URL` and `REDIS_URL` of this process, starting embedded servers for those that are not set.

    Workers of pytest-xdist inherit the environment and find both set. The data lies in a folder of its own below the
    system's temporary one and is removed at the end.
    """
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    place = Path(tempfile.mkdtemp(prefix="trilho-test-"))
    place.chmod(0o755 if servant().uid is not None else 0o700)
    words = {name: secrets.token_urlsafe(16) for name in ("postgres", "valkey", *ROLES)}
    services = Services(data=place, logs=place / "logs", secrets=words, for_tests=True)
    starter = os.getpid()

    def stop() -> None:
        # A forked child inherits this handler, but the servers are not its own.
        if os.getpid() == starter:
            services.stop()
            shutil.rmtree(place, ignore_errors=True)

    atexit.register(stop)
    services.start()
    if services.postgres is not None:
        # The suite works as the owner, as `migrate` does.
        os.environ["DATABASE_URL"] = services.addresses["DATABASE_OWNER_URL"]
    if services.valkey is not None:
        os.environ["REDIS_URL"] = services.addresses["REDIS_URL"]
        os.environ["TRILHO_TEST_VALKEY"] = "embedded"
