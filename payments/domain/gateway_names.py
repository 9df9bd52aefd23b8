"""The gateways Trilho speaks to; each has one module under `payments.gateways`."""

from enum import StrEnum


class GatewayName(StrEnum):
    """As stored with an account and written in webhook addresses."""

    SANDBOX = "sandbox"
    MERCADO_PAGO = "mercadopago"
    PUSHINPAY = "pushinpay"
    WOOVI = "woovi"
    ASAAS = "asaas"
    STARS = "stars"
