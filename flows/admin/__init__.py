"""The flows app in the staff admin."""

from flows.admin import bots, conversation_tests, flows, inbox, runs

__all__ = ["bots", "conversation_tests", "flows", "inbox", "runs"]
