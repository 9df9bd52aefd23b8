"""What the environment says, and what is said where it says nothing."""

import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.environment import ProcessRole


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RUNTIME_URL", "REDIS_URL", "DATABASE_STARTUP_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRILHO_RUN_DIR", str(tmp_path))
    return tmp_path


def test_says_in_one_sentence_that_nothing_runs() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        environment.service("REDIS_URL")
    assert str(caught.value) == (
        "REDIS_URL is not set and no services are running: start them with `make run`, or set REDIS_URL."
    )


def test_reads_what_the_supervisor_wrote(tmp_path: Path) -> None:
    (tmp_path / "services.json").write_text(
        json.dumps(
            {"DATABASE_URL": "postgres://a@h/d", "DATABASE_OWNER_URL": "postgres://o@h/d", "REDIS_URL": "redis://h"}
        )
    )
    assert environment.service("REDIS_URL") == "redis://h"
    assert environment.database_url(ProcessRole.APP) == "postgres://a@h/d"
    assert environment.database_url(ProcessRole.OWNER) == "postgres://o@h/d"
    assert environment.database_url(ProcessRole.RUNTIME) == "postgres://a@h/d"


def test_the_environment_wins_over_the_supervisor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "services.json").write_text(json.dumps({"DATABASE_OWNER_URL": "postgres://o@embedded/d"}))
    monkeypatch.setenv("DATABASE_URL", "postgres://u@given/d")
    assert environment.database_url(ProcessRole.OWNER) == "postgres://u@given/d"


def test_each_role_has_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@h/d")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://owner@h/d")
    monkeypatch.setenv("DATABASE_RUNTIME_URL", "postgres://runtime@h/d")
    assert [environment.database(role)["USER"] for role in ProcessRole] == ["owner", "app", "runtime"]


def test_a_database_connection_has_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@h/d?application_name=mine")
    options = environment.database(ProcessRole.APP)["OPTIONS"]
    assert options["options"].startswith(
        "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 "
    )
    assert options["connect_timeout"] == 2
    assert options["application_name"] == "mine"


def test_deadlines_can_be_left_to_the_role_behind_pgbouncer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@h/d")
    monkeypatch.setenv("DATABASE_STARTUP_OPTIONS", "off")
    assert "options" not in environment.database(ProcessRole.APP)["OPTIONS"]


def test_refuses_an_unknown_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRILHO_PROCESS_ROLE", "root")
    with pytest.raises(ImproperlyConfigured, match="'root'; it must be one of owner, app, runtime"):
        environment.process_role()


def test_the_narrower_role_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRILHO_PROCESS_ROLE", raising=False)
    assert environment.process_role() is ProcessRole.APP


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "services.json").write_text("{")
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        environment.stored("services.json")


def test_storage_is_a_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: object())
    assert environment.storage("file:///srv/media")["OPTIONS"] == {"location": "/srv/media"}
    assert environment.storage("s3://files/trilho?endpoint_url=https://s3.example.com")["OPTIONS"] == {
        "bucket_name": "files",
        "location": "trilho",
        "endpoint_url": "https://s3.example.com",
    }
    with pytest.raises(ImproperlyConfigured, match="starts with 'ftp'"):
        environment.storage("ftp://host/place")


def test_a_bucket_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"install requirements/s3\.txt for it"):
        environment.storage("s3://files/trilho")
