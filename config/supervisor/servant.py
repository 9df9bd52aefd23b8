"""Who runs the embedded servers, and where their files lie: never root, never below root's home."""

import hashlib
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.supervisor.trouble import Trouble

STATE_DIR = Path("/var/lib/trilho")
UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Servant:
    """The account of the embedded servers; `uid` is None where it is our own."""

    uid: int | None
    gid: int | None

    @property
    def popen_arguments(self) -> dict[str, object]:
        """What to add to `subprocess.Popen` to run as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> Path:
        """Make a folder that only this account can enter, and give it away."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        return path


def servant() -> Servant:
    """Ourselves, unless we are root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return Servant(uid=None, gid=None)
    try:
        account = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise Trouble(
            f"run as root, the embedded servers need an account named {UNPRIVILEGED!r}; there is none."
        ) from None
    return Servant(uid=account.pw_uid, gid=account.pw_gid)


def data_directory(run_directory: Path) -> Path:
    """The folder for the servers' data: in the run directory, or as root in a place of its own below /var/lib."""
    if os.geteuid() != 0:
        return run_directory
    digest = hashlib.sha256(str(run_directory.resolve()).encode()).hexdigest()[:12]
    return STATE_DIR / f"{run_directory.resolve().parent.name}-{digest}"


def reachable(package: Path, *companions: Path, account: Servant) -> Path:
    """The package's folder, or a copy of it that `account` can read where it lies behind a closed door.

    `companions` are sibling folders its programs load libraries from; they are copied beside it.
    """
    if account.uid is None or all(parent.stat().st_mode & 0o001 for parent in package.parents):
        return package
    mark = hashlib.sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copies = STATE_DIR / "programs" / mark
    if not copies.exists():
        copies.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=copies.parent))
        fresh.chmod(0o755)
        for folder in (package, *companions):
            if folder.exists():
                shutil.copytree(folder, fresh / folder.name, symlinks=True)
        try:
            fresh.rename(copies)
        except OSError:
            # Another start was faster; its copy is as good.
            shutil.rmtree(fresh)
    return copies / package.name
