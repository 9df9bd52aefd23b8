"""Every test file that starts processes is named as heavy, or it would run beside another one."""

import re
from pathlib import Path

from tests.support.scheduling import is_heavy

BASE_DIR = Path(__file__).resolve().parent.parent.parent
MARK = re.compile(r"pytest\.mark\.(browser|chaos|processes)\b")


def marked_files() -> list[str]:
    """Paths of the test files that use one of the markers."""
    return sorted(
        str(path.relative_to(BASE_DIR))
        for path in (BASE_DIR / "tests").rglob("test_*.py")
        if path != Path(__file__).resolve() and MARK.search(path.read_text(encoding="utf-8"))
    )


def test_every_file_with_processes_is_named_as_heavy() -> None:
    assert [path for path in marked_files() if not is_heavy(path)] == []


def test_there_are_such_files() -> None:
    assert "tests/config/test_supervisor.py" in marked_files()
