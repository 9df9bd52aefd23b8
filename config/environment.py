"""What the environment says, in typed form; where it is silent, what the supervisor wrote in `.run/services.json`."""

import json
import os
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


class ProcessRole(StrEnum):
    """Which database role this process works as; one alias, `default`, in each process."""

    OWNER = "owner"
    APP = "app"
    RUNTIME = "runtime"


ROLE_VARIABLES = {
    ProcessRole.OWNER: "DATABASE_OWNER_URL",
    ProcessRole.APP: "DATABASE_URL",
    ProcessRole.RUNTIME: "DATABASE_RUNTIME_URL",
}

# Milliseconds. An owner migrates and seeds, which may take its time; nobody waits for a lock for ever.
STATEMENT_TIMEOUTS = {ProcessRole.OWNER: 0, ProcessRole.APP: 5_000, ProcessRole.RUNTIME: 5_000}
LOCK_TIMEOUTS = {ProcessRole.OWNER: 10_000, ProcessRole.APP: 2_000, ProcessRole.RUNTIME: 2_000}
IDLE_IN_TRANSACTION_TIMEOUTS = {ProcessRole.OWNER: 60_000, ProcessRole.APP: 10_000, ProcessRole.RUNTIME: 10_000}


def run_directory() -> Path:
    """The folder of everything a running system leaves behind (`TRILHO_RUN_DIR`, else `.run`)."""
    return Path(os.environ.get("TRILHO_RUN_DIR") or BASE_DIR / ".run")


def process_role() -> ProcessRole:
    """The role asked for by `TRILHO_PROCESS_ROLE`; `app`, the narrower one, where nothing is said."""
    wanted = os.environ.get("TRILHO_PROCESS_ROLE", ProcessRole.APP)
    try:
        return ProcessRole(wanted)
    except ValueError:
        choices = ", ".join(ProcessRole)
        raise ImproperlyConfigured(f"TRILHO_PROCESS_ROLE is {wanted!r}; it must be one of {choices}.") from None


def stored(file_name: str) -> dict[str, Any]:
    """A JSON object from the run directory, empty if it is not there."""
    path = run_directory() / file_name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read ({error}); stop `make run` and start it again.") from None
    return content if isinstance(content, dict) else {}


def service(variable: str) -> str:
    """An address from the environment, else from the running supervisor; a sentence if there is neither."""
    value = os.environ.get(variable) or stored("services.json").get(variable)
    if not value:
        raise ImproperlyConfigured(
            f"{variable} is not set and no services are running: start them with `make run`, or set {variable}."
        )
    return str(value)


def secret(variable: str) -> str:
    """A key from the environment, else the one made for this folder by `make run`; empty if there is neither."""
    return str(os.environ.get(variable) or stored("secrets.json").get(variable, ""))


def database_url(role: ProcessRole) -> str:
    """The address for a role; owner and runtime default to `DATABASE_URL`."""
    own = os.environ.get(ROLE_VARIABLES[role])
    if own or os.environ.get("DATABASE_URL"):
        return own or os.environ["DATABASE_URL"]
    return str(stored("services.json").get(ROLE_VARIABLES[role]) or service("DATABASE_URL"))


def has_startup_options() -> bool:
    """Whether connections may be given deadlines when they start: not behind a pooler (`DATABASE_STARTUP_OPTIONS`)."""
    return os.environ.get("DATABASE_STARTUP_OPTIONS", "on") != "off"


def database(role: ProcessRole) -> dict[str, Any]:
    """Django's `DATABASES["default"]` for a role, with deadlines on everything.

    Behind PgBouncer, which may refuse start-up parameters, `DATABASE_STARTUP_OPTIONS=off` leaves the deadlines to
    `ALTER ROLE … SET`.
    """
    parsed: dict[str, Any] = dict(environ.Env.db_url_config(database_url(role)))
    options: dict[str, Any] = {
        "connect_timeout": 2,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        "application_name": f"trilho-{role}",
    }
    if has_startup_options():
        options["options"] = (
            f"-c statement_timeout={STATEMENT_TIMEOUTS[role]} -c lock_timeout={LOCK_TIMEOUTS[role]}"
            f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUTS[role]}"
            # Our statements take milliseconds; compiling one of them takes a second.
            # Prepared ones are written so that one plan, index probes, is right whatever they are asked for.
            " -c jit=off -c plan_cache_mode=force_generic_plan"
        )
    return parsed | {
        "ENGINE": "config.postgres",
        "ATOMIC_REQUESTS": False,
        # A new one plans every statement anew.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": options | parsed.get("OPTIONS", {}),
    }


def storage(url: str) -> dict[str, Any]:
    """Django's `STORAGES["default"]` from `STORAGE_URL`: `file:///folder`, or `s3://bucket/prefix?endpoint_url=…`."""
    parsed = urlsplit(url)
    if parsed.scheme == "file":
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": parsed.path}}
    if parsed.scheme == "s3":
        if find_spec("storages") is None:
            raise ImproperlyConfigured("STORAGE_URL names a bucket; install requirements/s3.txt for it.")
        options = {"bucket_name": parsed.hostname, "location": parsed.path.strip("/"), **dict(parse_qsl(parsed.query))}
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    raise ImproperlyConfigured(f"STORAGE_URL starts with {parsed.scheme!r}; only file:// and s3:// are known.")
