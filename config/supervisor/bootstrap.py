"""Makes `.venv` and fills it; runs on the system's Python, before any package is there."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VENV = BASE_DIR / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".trilho-stamp"
REQUIREMENTS = BASE_DIR / "requirements" / "dev.txt"
OLDEST = (3, 11)


def wanted_stamp() -> str:
    """What a complete environment is stamped with: the digest of the pinned packages."""
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def is_ready() -> bool:
    """Whether `.venv` already holds exactly the pinned packages."""
    return VENV_PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8").strip() == wanted_stamp()


def make_environment() -> None:
    """Create `.venv` if it is missing; without pip inside where the system has no ensurepip."""
    if VENV_PYTHON.exists():
        return
    for arguments in ([], ["--without-pip"]):
        attempt = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", *arguments, str(VENV)], capture_output=True, check=False
        )
        if attempt.returncode == 0:
            return
    sys.exit("trilho: a virtual environment cannot be made; install the package python3-venv and try again.")


def installer() -> list[str]:
    """The command that installs packages into `.venv`: uv if there is one, else some pip."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(VENV / "bin"))
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON)]
    if subprocess.run([VENV_PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [sys.executable, "-m", "pip", "--python", str(VENV_PYTHON), "install", "--quiet"]
    sys.exit("trilho: there is no pip; install the package python3-venv, remove .venv and try again.")


def install(requirements: Path) -> None:
    """Install a pinned file into `.venv`; a sentence if that fails, under what the installer itself said."""
    command = [*installer(), "--require-hashes", "-r", str(requirements)]
    if subprocess.run(command, check=False, env=os.environ | {"PYTHONWARNINGS": "ignore"}).returncode != 0:
        sys.exit(f"trilho: the packages of {requirements.relative_to(BASE_DIR)} could not be installed (see above).")


def main() -> None:
    """Bring `.venv` up to date; does nothing, at once, when it is."""
    if sys.version_info < OLDEST:
        sys.exit(f"trilho: Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}.")
    if is_ready():
        return
    print("trilho: installing Python packages into .venv (once; a minute or two)", flush=True)
    make_environment()
    install(REQUIREMENTS)
    STAMP.write_text(wanted_stamp() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
