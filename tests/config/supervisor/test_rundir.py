"""The run directory: one holder, secrets made once, files nobody else reads."""

import json
import os
from pathlib import Path

import pytest

from config.supervisor.rundir import RunDirectory
from config.supervisor.trouble import Trouble


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / ".run")
    directory.take()
    return directory


def test_a_second_holder_is_told_who_holds_it(run: RunDirectory) -> None:
    with pytest.raises(Trouble) as caught:
        RunDirectory(run.path).take()
    assert str(caught.value) == (
        f"it is already running in this folder (process {os.getpid()}); stop that one first, with Ctrl-C."
    )


def test_secrets_are_made_once_and_kept(run: RunDirectory) -> None:
    first = run.secrets()
    assert run.secrets() == first
    assert len(first["SECRET_KEY"]) >= 50
    assert (run.path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_secrets_that_are_new_join_the_old_ones(run: RunDirectory) -> None:
    (run.path / "secrets.json").write_text(json.dumps({"SECRET_KEY": "kept"}))
    complete = run.secrets()
    assert complete["SECRET_KEY"] == "kept"
    assert complete["postgres"]


def test_a_damaged_file_of_secrets_is_never_replaced(run: RunDirectory) -> None:
    (run.path / "secrets.json").write_text("{")
    with pytest.raises(Trouble, match="is damaged"):
        run.secrets()
    assert (run.path / "secrets.json").read_text() == "{"


def test_services_are_published_for_us_alone_and_withdrawn(run: RunDirectory) -> None:
    run.publish({"DATABASE_URL": "postgres://user:secret@127.0.0.1/x"})
    assert json.loads(run.services_file.read_text())["DATABASE_URL"] == "postgres://user:secret@127.0.0.1/x"
    assert run.services_file.stat().st_mode & 0o777 == 0o600
    run.withdraw()
    run.withdraw()
    assert not run.services_file.exists()
