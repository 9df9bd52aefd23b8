"""Every gateway Trilho speaks to, by name."""

from collections.abc import Mapping
from typing import Final

from payments.domain.gateway_names import GatewayName
from payments.gateways.asaas.adapter import AsaasGateway
from payments.gateways.base import Gateway
from payments.gateways.mercadopago.adapter import MercadoPagoGateway
from payments.gateways.pushinpay.adapter import PushinPayGateway
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.gateways.stars.adapter import StarsGateway
from payments.gateways.woovi.adapter import WooviGateway

_ADAPTERS: Final[tuple[Gateway, ...]] = (
    SandboxGateway(),
    MercadoPagoGateway(),
    PushinPayGateway(),
    WooviGateway(),
    AsaasGateway(),
    StarsGateway(),
)
GATEWAYS: Final[Mapping[GatewayName, Gateway]] = {gateway.name: gateway for gateway in _ADAPTERS}
# Headers of notices that hold a secret itself, of any gateway.
SECRET_HEADERS: Final = frozenset[str]().union(*(gateway.traits.secret_headers for gateway in _ADAPTERS))


def gateway_of(name: str) -> Gateway:
    """The adapter by its stored name; a name nobody registered is a bug and raises KeyError."""
    return GATEWAYS[GatewayName(name)]
