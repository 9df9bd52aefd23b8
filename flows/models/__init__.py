"""Rows of the flows app: definitions, runs, what came in, what happened."""

from flows.models.asset import Asset
from flows.models.conversation_test import ConversationTest
from flows.models.enums import AssetKind, Direction, InboxSource, InboxState, RunStatus, TimerState
from flows.models.flow import Flow, FlowVersion
from flows.models.inbox import DrainMark, InboxEvent, InboxKey
from flows.models.kept_answer import KeptAnswer
from flows.models.message import Message
from flows.models.run import Conversation, Run
from flows.models.timeline import TimelineEntry
from flows.models.timer import Timer

__all__ = [
    "Asset",
    "AssetKind",
    "Conversation",
    "ConversationTest",
    "Direction",
    "DrainMark",
    "Flow",
    "FlowVersion",
    "InboxEvent",
    "InboxKey",
    "InboxSource",
    "InboxState",
    "KeptAnswer",
    "Message",
    "Run",
    "RunStatus",
    "TimelineEntry",
    "Timer",
    "TimerState",
]
