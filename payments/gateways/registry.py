"""Every gateway Trilho speaks to, by name."""

from collections.abc import Mapping
from typing import Final

from payments.domain.gateway_names import GatewayName
from payments.gateways.base import Gateway
from payments.gateways.sandbox.adapter import SandboxGateway

GATEWAYS: Final[Mapping[GatewayName, Gateway]] = {gateway.name: gateway for gateway in (SandboxGateway(),)}


def gateway_of(name: str) -> Gateway:
    """The adapter by its stored name; a name nobody registered is a bug and raises KeyError."""
    return GATEWAYS[GatewayName(name)]
