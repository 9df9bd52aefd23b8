"""What the drain counts."""

from prometheus_client import Counter, Histogram

EVENTS = Counter("trilho_inbox_events", "Inbox rows handled, by source and what became of them", ["source", "outcome"])
TRANSITIONS = Counter("trilho_flow_events", "Lines of the runs' timelines", ["event_type"])
FAILURES = Counter("trilho_drain_failures", "Conversations whose turn failed, by error", ["error"])
DRAIN_SECONDS = Histogram(
    "trilho_drain_seconds",
    "One transaction of the drain",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
CONVERSATIONS = Histogram(
    "trilho_drain_conversations", "Conversations in one transaction", buckets=(1, 2, 5, 10, 25, 50, 100)
)
HTTP_CALLS = Counter("trilho_http_calls", "Calls of http steps, by what became of them.", ["outcome"])
