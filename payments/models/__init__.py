"""Rows of money and access."""

from payments.models.account import BotGateway, GatewayAccount
from payments.models.coupon import CouponUse
from payments.models.enums import (
    STILL_OWED,
    DeliveryState,
    GrantKind,
    MatterState,
    OrderStatus,
    RefundState,
    TakenFor,
)
from payments.models.grant import Grant
from payments.models.order import ChargeRequest, Order
from payments.models.payment import Payment, PaymentEvent
from payments.models.place import Place
from payments.models.reconciliation import Reconciliation
from payments.models.refund import Refund
from payments.models.rules import CreditEntry, MoneyMatter, MoneyRules
from payments.models.webhook import WebhookDelivery

__all__ = [
    "STILL_OWED",
    "BotGateway",
    "ChargeRequest",
    "CouponUse",
    "CreditEntry",
    "DeliveryState",
    "GatewayAccount",
    "Grant",
    "GrantKind",
    "MatterState",
    "MoneyMatter",
    "MoneyRules",
    "Order",
    "OrderStatus",
    "Payment",
    "PaymentEvent",
    "Place",
    "Reconciliation",
    "Refund",
    "RefundState",
    "TakenFor",
    "WebhookDelivery",
]
