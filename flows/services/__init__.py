"""Writes of the flows app: the door into the inbox, flows and their versions, bots, runs, test chats."""

from flows.services.inbox import post_event, post_raw_update
from flows.services.transcript import store_simulated_calls

__all__ = ["post_event", "post_raw_update", "store_simulated_calls"]
