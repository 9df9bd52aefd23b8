"""Production settings: complete, strict, and clean by Django's own deployment check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parent.parent.parent

COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "DATABASE_URL": "postgres://app@127.0.0.1:1/trilho",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "f" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz" + "A-Z",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "PUBLIC_URL": "https://trilho.example.com",
    "CRASH_PLAN": "",
    "OUTGOING_PRIVATE_NETWORKS": "",
    "TRILHO_LEASE_SECONDS": "30",
}

NO_KEYS = "In production SECRET_KEY and FIELD_ENCRYPTION_KEYS must be set in the environment."


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One management command in production's environment."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"]} | COMPLETE | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_djangos_deployment_check_is_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "System check identified no issues (0 silenced).\n"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SECRET_KEY": ""}, "In production SECRET_KEY and FIELD_ENCRYPTION_KEYS must be set in the environment."),
        (
            {"FIELD_ENCRYPTION_KEYS": ""},
            "In production SECRET_KEY and FIELD_ENCRYPTION_KEYS must be set in the environment.",
        ),
        ({"PUBLIC_URL": "http://trilho.example.com"}, "In production PUBLIC_URL must be set, and start with https://."),
        ({"CRASH_PLAN": "x:1:kill"}, "CRASH_PLAN kills processes on purpose; it is not allowed in production."),
        (
            {"OUTGOING_PRIVATE_NETWORKS": "127.0.0.0/8"},
            "OUTGOING_PRIVATE_NETWORKS opens what is private to every seller; not in production.",
        ),
        ({"TRILHO_PROCESS_ROLE": "me"}, "TRILHO_PROCESS_ROLE is 'me'; it must be one of owner, app, runtime."),
        ({"FLOW_SHARDS": "0"}, "FLOW_SHARDS, SWEEP_INTERVAL_MS and TRILHO_LEASE_SECONDS must be positive."),
    ],
)
def test_a_wrong_environment_is_one_sentence(environment: dict[str, str], sentence: str) -> None:
    done = manage("check", **environment)
    assert (done.returncode, done.stderr) == (1, f"trilho: {sentence}\n")
