"""What processes have used of the CPU, from Linux' own books: children that live count, those that are gone do not."""

import os
from pathlib import Path

PROCESSES = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*roots: int | None) -> float:
    """User and system time of these processes and everything below them."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in PROCESSES.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        used[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    return sum(seconds for pid, seconds in used.items() if _is_below(pid, set(roots), parents))


def _is_below(pid: int, roots: set[int | None], parents: dict[int, int]) -> bool:
    while pid and pid not in roots:
        pid = parents.get(pid, 0)
    return pid in roots
