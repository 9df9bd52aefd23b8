"""The embedded servers: started, used as the roles, stopped, started again with their data."""

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from config.supervisor.postgres import Postgres
from config.supervisor.roles import ROLES
from config.supervisor.servant import servant
from config.supervisor.services import Services, answers
from config.supervisor.trouble import Trouble

pytestmark = pytest.mark.processes

WHO_AM_I = "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the servers' account can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="trilho-services-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def words() -> dict[str, str]:
    return {name: secrets.token_urlsafe(12) for name in ("postgres", "valkey", *ROLES)}


@pytest.fixture
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RUNTIME_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """What one statement answers."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


@pytest.mark.usefixtures("no_addresses")
def test_starts_serves_the_three_roles_and_keeps_the_data(place: Path, words: dict[str, str]) -> None:
    first = Services(data=place, logs=place / "logs", secrets=words)
    first.start()
    try:
        users = {
            name: query(url, "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")[
                0
            ]
            for name, url in first.addresses.items()
            if name.startswith("DATABASE")
        }
        assert users == {
            "DATABASE_OWNER_URL": ("trilho_owner", False, True),
            "DATABASE_URL": ("trilho_app", False, False),
            "DATABASE_RUNTIME_URL": ("trilho_runtime", False, False),
        }
        query(first.addresses["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(first.addresses["DATABASE_URL"], "CREATE TABLE mine (id int)")
        redis.Redis.from_url(first.addresses["REDIS_URL"]).set("kept", "yes")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=urlsplit(first.addresses["REDIS_URL"]).port or 0).ping()
        assert set(first.pids()) == {"postgres", "valkey"}
        assert first.dead() == []
    finally:
        first.stop()
    assert first.dead() == ["postgres", "valkey"]

    second = Services(data=place, logs=place / "logs", secrets=words)
    second.start()
    try:
        assert query(second.addresses["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == [(42,)]
        assert redis.Redis.from_url(second.addresses["REDIS_URL"]).get("kept") == b"yes"
    finally:
        second.stop()


@pytest.mark.usefixtures("no_addresses")
def test_a_data_folder_that_cannot_be_used_is_a_sentence(place: Path, words: dict[str, str]) -> None:
    (place / "postgres").mkdir()
    (place / "postgres" / "in-the-way").touch()
    services = Services(data=place, logs=place / "logs", secrets=words)
    with pytest.raises(Trouble, match=r"could not make its data folder; .*postgres\.log says why"):
        services.start()
    services.stop()


def test_stopping_what_never_started_is_fine(place: Path) -> None:
    Postgres(place, place / "log", 1, "x", servant()).stop()


def test_uses_given_servers_and_starts_none(
    place: Path, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    services = Services(data=place, logs=place / "logs", secrets=words)
    services.start()
    services.stop()
    assert services.pids() == {}
    assert services.addresses["REDIS_URL"] == "redis://127.0.0.1:1/0"
    assert not answers(services.addresses["REDIS_URL"])
