"""The front end is built when its sources change, and only then."""

import os
import stat
from pathlib import Path

import pytest

from config.supervisor import frontend
from config.supervisor.trouble import Trouble


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose `npm` writes down what it was asked."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {
        "node": "echo v20.19.0",
        "npm": f'echo "$@" >> {tmp_path}/asked; exit $(cat {tmp_path}/code)',
    }.items():
        program = programs / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "code").write_text("0")
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "templates").mkdir()
    return tmp_path


def asked(project: Path) -> list[str]:
    """The commands npm was given."""
    return (project / "asked").read_text().splitlines()


def test_builds_once_and_again_when_a_template_changes(project: Path) -> None:
    frontend.build(project)
    frontend.build(project)
    install, build = "ci --no-audit --no-fund --loglevel=error", "run --silent build"
    assert asked(project) == [install, build]
    (project / "templates" / "page.html").write_text('<p class="new">')
    frontend.build(project)
    assert asked(project) == [install, build, build]


def test_a_failed_build_is_a_sentence_and_is_tried_again(project: Path) -> None:
    (project / "code").write_text("1")
    for _ in range(2):
        with pytest.raises(Trouble, match=r"^`npm ci --no-audit` failed \(see above\)\.$"):
            frontend.build(project)
    assert len(asked(project)) == 2


def test_an_old_node_is_replaced_by_the_wheel_and_missing_both_is_a_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "programs" / "node").write_text("#!/bin/sh\necho v18.20.0\n")
    installed: list[Path] = []
    monkeypatch.setattr("config.supervisor.bootstrap.install", installed.append)
    with pytest.raises(Trouble, match=r"^Node 20\.19 or newer and npm are needed"):
        frontend.build(project)
    assert installed == [project / "requirements" / "node.txt"]


def test_translations_are_compiled_when_they_are_newer(tmp_path: Path) -> None:
    source = tmp_path / "locale" / "en" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Olá"\nmsgstr "Hello"\n')
    frontend.compile_translations(tmp_path)
    compiled = source.with_suffix(".mo")
    assert b"Hello" in compiled.read_bytes()
    compiled.write_bytes(b"newer")
    frontend.compile_translations(tmp_path)
    assert compiled.read_bytes() == b"newer"
