"""What other apps, pages, admin and tasks may ask of payments."""

from payments.services.accounts import ensure_sandbox_account, set_bot_accounts
from payments.services.asking import ask_gateway
from payments.services.notices import tell_silent_gateways
from payments.services.polling import poll_due
from payments.services.reconciling import compare_books
from payments.services.refunds import refund_payment
from payments.services.taking import take_back_due
from payments.services.transitions import Applied, apply_notice
from payments.services.webhooks import forget_deliveries, process_deliveries

__all__ = [
    "Applied",
    "apply_notice",
    "ask_gateway",
    "compare_books",
    "ensure_sandbox_account",
    "forget_deliveries",
    "poll_due",
    "process_deliveries",
    "refund_payment",
    "set_bot_accounts",
    "take_back_due",
    "tell_silent_gateways",
]
