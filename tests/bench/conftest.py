"""The running product, for benches that measure all of it."""

from tests.processes.conftest import start_stack, telegram

__all__ = ["start_stack", "telegram"]
