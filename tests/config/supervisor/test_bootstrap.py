"""The virtual environment is made and filled once, and again when the pins change."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.supervisor import bootstrap


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with an environment already there."""
    (tmp_path / "requirements").mkdir()
    requirements = tmp_path / "requirements" / "dev.txt"
    requirements.write_text("one==1\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    monkeypatch.setattr(bootstrap, "BASE_DIR", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", python)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / ".trilho-stamp")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", requirements)
    return tmp_path


def test_installs_once_and_again_when_the_pins_change(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[Path] = []
    monkeypatch.setattr(bootstrap, "install", installed.append)
    bootstrap.main()
    bootstrap.main()
    assert len(installed) == 1
    (place / "requirements" / "dev.txt").write_text("one==2\n")
    bootstrap.main()
    assert len(installed) == 2


def test_a_failed_installation_is_a_sentence_and_is_tried_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "installer", lambda: ["false"])
    with pytest.raises(SystemExit, match=r"^trilho: the packages of requirements/dev\.txt could not be installed"):
        bootstrap.main()
    assert not bootstrap.is_ready()


def test_an_old_python_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    with pytest.raises(SystemExit, match=r"^trilho: Python 3\.11 or newer is needed"):
        bootstrap.main()


def test_a_system_without_ensurepip_gets_an_environment_without_pip(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def fake_run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command[3:-1])
        return subprocess.CompletedProcess(command, 0 if "--without-pip" in command else 1)

    monkeypatch.setattr(bootstrap, "VENV_PYTHON", place / "nowhere")
    monkeypatch.setattr(subprocess, "run", fake_run)
    bootstrap.make_environment()
    assert asked == [["--clear"], ["--clear", "--without-pip"]]


def test_runs_on_a_bare_python() -> None:
    # Isolated: no packages of any environment, as on a fresh machine.
    code = "import config.supervisor.bootstrap as b; print(b.is_ready.__name__)"
    base = Path(bootstrap.__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=base,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": "."},
    )
    assert (done.returncode, done.stdout) == (0, "is_ready\n")
