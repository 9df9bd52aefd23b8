"""Writes of the flows app: the door into the inbox, flows and their versions, bots, runs, test chats."""

from flows.services.assets import read_file
from flows.services.inbox import post_event, post_raw_update
from flows.services.standing import note_dead_message
from flows.services.transcript import note_delivery_problem, note_sent, store_simulated_calls

__all__ = [
    "note_dead_message",
    "note_delivery_problem",
    "note_sent",
    "post_event",
    "post_raw_update",
    "read_file",
    "store_simulated_calls",
]
