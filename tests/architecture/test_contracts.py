"""The import contracts hold, and would notice if they did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("config", "telegram_gateway", "payments", "flows", "bots")
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """What `lint-imports` says about a tree."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=directory, capture_output=True, text=True, check=False, env={"COLUMNS": "300"}
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source, to plant something in."""
    for package in PACKAGES:
        shutil.copytree(BASE_DIR / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    architecture = tmp_path / "tests" / "architecture"
    architecture.mkdir(parents=True)
    for source in (
        "tests/__init__.py",
        "tests/architecture/__init__.py",
        "tests/architecture/facade.py",
        "pyproject.toml",
    ):
        shutil.copy(BASE_DIR / source, tmp_path / source)
    return tmp_path


def test_every_contract_is_kept() -> None:
    result = lint(BASE_DIR)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("bots/planted.py", "import flows.services", "An app imports only apps below it"),
        ("flows/services/planted.py", "import payments.services", "An app imports only apps below it"),
        ("payments/services/planted.py", "import telegram_gateway.protocol", "An app imports only apps below it"),
        ("telegram_gateway/planted.py", "import config.metrics", "An app imports only apps below it"),
        ("flows/models/planted.py", "import flows.services", "Inside an app"),
        ("flows/engine/planted.py", "import flows.models", "Inside an app"),
        ("payments/domain/planted.py", "import payments.gateways", "Inside an app"),
        ("bots/outbox/models/planted.py", "import bots.outbox.relay", "Inside the outbox"),
        ("flows/engine/planted.py", "import time", "Pure cores know no framework"),
        ("flows/engine/planted.py", "from django.utils import timezone", "Pure cores know no framework"),
        ("payments/domain/planted.py", "import logging", "Pure cores know no framework"),
        ("telegram_gateway/protocol/planted.py", "import httpx", "Pure cores know no framework"),
        ("payments/services/planted.py", "import flows.runtime", "Of flows other apps see"),
        ("telegram_gateway/planted.py", "import payments.models", "Of payments other apps see"),
        ("payments/services/planted.py", "import bots.outbox.relay", "Of the kernel other apps see"),
    ],
)
def test_notices_a_planted_import(tree: Path, module: str, line: str, contract: str) -> None:
    planted = tree / module
    if module == "bots/outbox/models/planted.py":
        planted = tree / "bots/outbox/models.py"
    before = planted.read_text(encoding="utf-8") if planted.exists() else '"""Planted."""\n'
    planted.write_text(f"{before}\n{line}\n", encoding="utf-8")
    result = lint(tree)
    assert result.returncode == 1
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), result.stdout
