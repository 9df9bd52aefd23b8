"""The running product again, to be killed."""

from tests.processes.conftest import start_stack, telegram

__all__ = ["start_stack", "telegram"]
