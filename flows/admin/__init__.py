"""The flows app in the staff admin."""

from flows.admin import assets, bots, conversation_tests, flows, inbox, runs

__all__ = ["assets", "bots", "conversation_tests", "flows", "inbox", "runs"]
