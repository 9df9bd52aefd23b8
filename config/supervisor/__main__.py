"""`python -m config.supervisor`: `run` everything, or only `build` what the browser gets."""

import argparse
import os
import sys

from config.environment import BASE_DIR, run_directory
from config.supervisor import frontend
from config.supervisor.rundir import RunDirectory
from config.supervisor.supervisor import Stopped, Supervisor
from config.supervisor.trouble import Trouble


def port() -> int:
    """The port of the web process, from `PORT`."""
    value = os.environ.get("PORT") or "8000"
    if not value.isdecimal():
        raise Trouble(f"PORT is {value!r}, which is no number.")
    return int(value)


def main() -> int:
    """Do what was asked; every foreseeable trouble is one sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m config.supervisor", description=__doc__)
    parser.add_argument("action", choices=("run", "build"))
    action = parser.parse_args().action
    try:
        if action == "build":
            frontend.build(BASE_DIR)
            return 0
        public_url = os.environ.get("PUBLIC_URL", "").rstrip("/")
        return Supervisor(BASE_DIR, RunDirectory(run_directory()), port(), public_url).serve()
    except Trouble as trouble:
        print(f"trilho: {trouble}", file=sys.stderr, flush=True)
        return 1
    except (Stopped, KeyboardInterrupt):
        return 130


if __name__ == "__main__":
    sys.exit(main())
