"""A Bot API on loopback that records what it is asked and fails on demand, and people who write to bots through it."""

from tests.support.fake_telegram.calls import Call, Fault, blocked, drop_after, drop_before, refuse, too_many_requests
from tests.support.fake_telegram.chat import Chat
from tests.support.fake_telegram.delivery import Deliver, recorded, to_polling, to_webhook
from tests.support.fake_telegram.server import FakeTelegram

__all__ = [
    "Call",
    "Chat",
    "Deliver",
    "FakeTelegram",
    "Fault",
    "blocked",
    "drop_after",
    "drop_before",
    "recorded",
    "refuse",
    "to_polling",
    "to_webhook",
    "too_many_requests",
]
