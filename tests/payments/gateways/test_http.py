"""The one way out to gateways: deadlines, numbers without floats, errors without secrets."""

from decimal import Decimal

import orjson
import pytest

from payments.domain.money import Currency, Money
from payments.gateways.base import GatewayError
from payments.gateways.http import Api, Refused, amount_of, load
from tests.support.fake_gateways import Entry, Notice
from tests.support.fake_gateways.server import Answer, Call, FakeGateway


class Echo(FakeGateway):
    """Answers what it is told to."""

    says = Answer(200, {})

    @property
    def credentials(self) -> dict[str, str]:
        return {}

    def notice(self, entry: Entry, *, secret: str) -> Notice:
        return Notice({}, b"")

    def handle(self, call: Call) -> Answer:
        return self.says


@pytest.fixture
def echo() -> object:
    with Echo() as server:
        yield server


def test_fractions_are_decimals_and_never_floats() -> None:
    assert load(b'{"a": 19.90, "b": 4.35, "c": 1e2, "d": 5}') == {
        "a": Decimal("19.90"),
        "b": Decimal("4.35"),
        "c": Decimal("1E+2"),
        "d": 5,
    }


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b'{"a": -Infinity}', b"", b"{", b"[" * 200_000])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        load(text)


@pytest.mark.parametrize(("cents", "text"), [(1, "0.01"), (1990, "19.90"), (100_000_001, "1000000.01")])
def test_amounts_are_written_digit_by_digit(cents: int, text: str) -> None:
    assert orjson.dumps({"value": amount_of(Money(cents, Currency.BRL))}) == f'{{"value":{text}}}'.encode()


def test_people_are_taken_out_of_what_the_gateway_says(echo: Echo) -> None:
    echo.says = Answer(400, {"errors": [{"description": "CPF 529.982.247-25 de ana@example.com inválido (123)"}]})
    with pytest.raises(Refused) as refused:
        Api(echo.url, {"access_token": "secret"}).get("/x")
    assert str(refused.value) == "HTTP 400: CPF … de … inválido (123)"


@pytest.mark.parametrize("status", [301, 302, 500, 502, 503, 504, 408])
def test_what_is_no_answer_of_an_api_leaves_the_outcome_open(echo: Echo, status: int) -> None:
    echo.says = Answer(status, {})
    for method, unknown in (("get", False), ("post", True)):
        with pytest.raises(GatewayError) as failed:
            getattr(Api(echo.url, {}), method)("/x")
        assert (failed.value.code, failed.value.retryable, failed.value.unknown_outcome) == (
            "gateway_down",
            True,
            unknown,
        )


def test_one_deadline_holds_for_all_calls_of_an_operation(echo: Echo) -> None:
    api = Api(echo.url, {}, seconds=0)
    with pytest.raises(GatewayError) as failed:
        api.post("/x")
    # Not even sent, so nothing can have happened.
    assert (failed.value.code, failed.value.unknown_outcome, echo.calls) == ("timeout", False, [])


def test_an_answer_without_end_is_refused(echo: Echo) -> None:
    echo.says = Answer(200, b" " * (4 * 1024 * 1024 + 1))
    with pytest.raises(GatewayError) as failed:
        Api(echo.url, {}).get("/x")
    assert failed.value.code == "unreadable_answer"
