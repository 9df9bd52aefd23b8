"""The flows app in the staff admin."""

from flows.admin import bots, flows, inbox, runs

__all__ = ["bots", "flows", "inbox", "runs"]
