"""`make check`: every check there is, one after the other; all of them run, and any failure fails."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """One command, and what it looks after."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """How a check ended; `output` is shown only if it failed."""

    check: Check
    code: int
    output: str
    seconds: float


def templates() -> tuple[str, ...]:
    """Every Django template, for the checker that wants files named."""
    return tuple(str(path.relative_to(BASE_DIR)) for path in sorted(BASE_DIR.glob("templates/**/*.html")))


def checks() -> list[Check]:
    """All checks, the slowest first."""
    python = (sys.executable,)
    found = [
        Check("types", (str(PROGRAMS / "mypy"), ".")),
        Check("lint", (str(PROGRAMS / "ruff"), "check", ".")),
        Check("format", (str(PROGRAMS / "ruff"), "format", "--check", ".")),
        Check("imports", (str(PROGRAMS / "lint-imports"),)),
        Check("migrations", (*python, "manage.py", "makemigrations", "--check", "--dry-run")),
        Check("system", (*python, "manage.py", "check", "--fail-level", "WARNING")),
    ]
    if templates():
        found.append(Check("templates", (str(PROGRAMS / "djlint"), "--lint", "--quiet", "templates")))
        found.append(
            Check("template style", (str(PROGRAMS / "djade"), "--target-version", "5.2", "--check", *templates()))
        )
    if (BASE_DIR / "node_modules").exists() and shutil.which("npx"):
        found.append(Check("scripts", ("npx", "--no-install", "biome", "check", ".")))
        found.append(Check("script types", ("npx", "--no-install", "tsc", "--noEmit")))
    return found


def run(check: Check) -> Result:
    """Run one check without any server, with the test settings."""
    began = time.monotonic()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "REDIS_", "CELERY_"))
    }
    done = subprocess.run(
        check.command,
        cwd=BASE_DIR,
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(check, done.returncode, done.stdout + done.stderr, time.monotonic() - began)


def main() -> int:
    """Run all checks, two at a time; 1 if any failed."""
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for result in pool.map(run, checks()):
            print(
                f"{'ok' if result.code == 0 else 'FAILED':<7} {result.check.name} ({result.seconds:.1f} s)", flush=True
            )
            if result.code != 0:
                failed += 1
                print(result.output.rstrip(), flush=True)
    if failed:
        print(f"trilho: {failed} of the checks failed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
