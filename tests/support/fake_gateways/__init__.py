"""Gateways of our own on this machine: each answers and signs as the real one documents, and misbehaves when told."""

from tests.support.fake_gateways.asaas import FakeAsaas
from tests.support.fake_gateways.books import Entry, Notice
from tests.support.fake_gateways.mercadopago import FakeMercadoPago
from tests.support.fake_gateways.pushinpay import FakePushinPay
from tests.support.fake_gateways.server import FakeGateway, Mood
from tests.support.fake_gateways.woovi import FakeWoovi

FAKES: tuple[type[FakeGateway], ...] = (FakeMercadoPago, FakePushinPay, FakeWoovi, FakeAsaas)

__all__ = [
    "FAKES",
    "Entry",
    "FakeAsaas",
    "FakeGateway",
    "FakeMercadoPago",
    "FakePushinPay",
    "FakeWoovi",
    "Mood",
    "Notice",
]
