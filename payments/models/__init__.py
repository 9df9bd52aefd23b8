"""Rows of money and access."""

from payments.models.account import BotGateway, GatewayAccount
from payments.models.enums import DeliveryState, GrantKind, OrderStatus
from payments.models.grant import Grant
from payments.models.order import ChargeRequest, Order
from payments.models.payment import Payment, PaymentEvent
from payments.models.reconciliation import Reconciliation
from payments.models.webhook import WebhookDelivery

__all__ = [
    "BotGateway",
    "ChargeRequest",
    "DeliveryState",
    "GatewayAccount",
    "Grant",
    "GrantKind",
    "Order",
    "OrderStatus",
    "Payment",
    "PaymentEvent",
    "Reconciliation",
    "WebhookDelivery",
]
