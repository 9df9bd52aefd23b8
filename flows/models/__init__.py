"""Rows of the flows app: definitions, runs, what came in, what happened."""

from flows.models.flow import Flow, FlowVersion
from flows.models.inbox import DrainMark, InboxEvent, InboxKey, InboxSource, InboxState
from flows.models.message import Direction, Message
from flows.models.run import Conversation, Run, RunStatus
from flows.models.timeline import TimelineEntry
from flows.models.timer import Timer, TimerState

__all__ = [
    "Conversation",
    "Direction",
    "DrainMark",
    "Flow",
    "FlowVersion",
    "InboxEvent",
    "InboxKey",
    "InboxSource",
    "InboxState",
    "Message",
    "Run",
    "RunStatus",
    "TimelineEntry",
    "Timer",
    "TimerState",
]
