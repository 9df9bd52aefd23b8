"""Builds what the browser gets: styles, scripts, compiled translations; only when a source has changed."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import polib

from config.supervisor import bootstrap
from config.supervisor.process import die_with_parent, signal_group
from config.supervisor.trouble import Trouble

OLDEST_NODE = (20, 19)
# The style sheet is built from the classes that templates and Python modules name.
SOURCES = (
    "package.json", "package-lock.json", "*.config.*", "tsconfig*.json", "static/editor/**/*", "static/pages/**/*",
    "static/site/**/*", "templates/**/*", "*/web/**/*.py", "*/templates/**/*", "flows/engine/**/*.py",
)  # fmt: skip


def digest(base: Path, patterns: Iterable[str]) -> str:
    """A digest of the names and contents of all files the patterns match."""
    total = hashlib.sha256()
    paths = sorted({path for pattern in patterns for path in base.glob(pattern) if path.is_file()})
    for path in paths:
        total.update(f"{path.relative_to(base)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def node_environment(base: Path) -> dict[str, str]:
    """An environment whose PATH has a Node that is new enough, installed from its wheel if need be."""
    for path in (os.environ.get("PATH", ""), f"{base / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"):
        if _node_version(path) >= OLDEST_NODE and shutil.which("npm", path=path):
            return os.environ | {"PATH": path}
    print("trilho: no Node 20.19 on this machine; installing it as a Python package", flush=True)
    bootstrap.install(base / "requirements" / "node.txt")
    path = f"{base / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    if _node_version(path) < OLDEST_NODE or not shutil.which("npm", path=path):
        raise Trouble("Node 20.19 or newer and npm are needed to build the pages; install them and try again.")
    return os.environ | {"PATH": path}


def build(base: Path) -> None:
    """Install the locked packages and build, each only if its sources changed since the last time."""
    compile_translations(base)
    if not (base / "package.json").exists():
        return
    _once(base, base / "node_modules" / ".trilho-stamp", ("package.json", "package-lock.json"), [
        "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error",
    ], "installing the front end's packages")  # fmt: skip
    _once(base, base / "static" / "dist" / ".trilho-stamp", SOURCES, [
        "npm", "run", "--silent", "build",
    ], "building styles and scripts")  # fmt: skip


def compile_translations(base: Path) -> None:
    """Write a `.mo` beside every `.po` that is newer; Django's own command needs gettext's programs, this does not."""
    for source in sorted(base.glob("locale/*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(compiled))


def _once(base: Path, stamp: Path, patterns: Iterable[str], command: list[str], what: str) -> None:
    wanted = digest(base, patterns)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"trilho: {what}", flush=True)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=base,
            env=node_environment(base),
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        try:
            code = process.wait()
        except BaseException:
            signal_group(process.pid, signal.SIGKILL)
            raise
        if code != 0:
            output.seek(0)
            print(output.read().decode("utf-8", "replace"), file=sys.stderr)
            raise Trouble(f"`{' '.join(command[:3])}` failed (see above).")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted, encoding="utf-8")


def _node_version(path: str) -> tuple[int, int]:
    node = shutil.which("node", path=path)
    if node is None:
        return (0, 0)
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)
