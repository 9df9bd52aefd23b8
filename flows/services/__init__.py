"""Writes of the flows app: the door into the inbox, flows and their versions, bots, runs, test chats."""

from flows.services.inbox import post_event, post_raw_update

__all__ = ["post_event", "post_raw_update"]
