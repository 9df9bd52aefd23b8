"""What payments count; a counter that fails would never stop a sale, so each is one call into memory."""

from prometheus_client import Counter

MOVES = Counter(
    "trilho_payments_moves", "Charges that changed state, by new state and by who told", ["status", "source"]
)
ALARMS = Counter("trilho_payments_alarms", "Notices somebody should look at", ["alarm"])
GATEWAY_FAILURES = Counter("trilho_gateway_failures", "Calls a gateway did not answer well", ["gateway", "code"])
COMPARISONS = Counter(
    "trilho_gateway_comparisons", "Nightly comparisons of our books with a gateway's list", ["gateway", "outcome"]
)
NOTICES = Counter("trilho_gateway_notices", "Gateway notices by what became of them", ["gateway", "state"])
