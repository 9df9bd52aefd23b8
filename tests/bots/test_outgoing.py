"""Calls to addresses that others name: public ones only, bounded in time and size, and nothing told of the others."""

import socket
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from bots import outgoing
from bots.addresses import is_public
from bots.outbox.loop import outbox_loop
from bots.outgoing import AddressRefused, OutgoingAnswer, OutgoingCall, OutgoingError
from tests.support.web_server import WebServer

SHOP = "http://api.shop.example/orders"

# By their letters, or by what they are looked up as: everything that is not a public address of the web.
HOSTILE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[fe80::1%25eth0]/",
    "http://localhost/",
    "http://private.example/",
    "http://mixed.example/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://user:pass@api.shop.example/",
    "http://api.shop.example@127.0.0.1/",
    "http://api.shop.example\\@127.0.0.1/",
    "http://api.shop.example:8080/",
    "http://api.shop.example:22/",
    "https://api.shop.example:6379/",
    "ftp://api.shop.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "//api.shop.example/",
    "http:///nothing",
    "http://",
    "",
]
NAMES = {
    "api.shop.example": ["93.184.216.34"],
    "private.example": ["10.1.2.3"],
    # One address that is not public spoils the name.
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "localhost": ["127.0.0.1", "::1"],
}


class Names:
    """A name server of a test: what it was asked, and what it says, one answer after the other."""

    def __init__(self, answers: dict[str, Sequence[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.port: int | None = None

    def look_up(self, host: str, port: int, _family: int) -> list[tuple[int, str, int]]:
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, one, self.port or port) for one in self.answers[host]
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    made = Names(dict(NAMES))
    monkeypatch.setattr(outgoing, "look_up", made.look_up)
    yield made
    outbox_loop.run(outgoing.close())


@pytest.fixture
def shop(names: Names, settings: Any) -> Iterator[WebServer]:
    """A server that a public name leads to; its address is this machine's, and let through."""
    settings.OUTGOING_PRIVATE_NETWORKS = (ip_network("127.0.0.1/32"),)
    with WebServer() as server:
        names.answers["api.shop.example"], names.port = ["127.0.0.1"], server.port
        yield server


def called(url: str = SHOP, method: str = "GET", **fields: Any) -> OutgoingAnswer:
    return outbox_loop.run(outgoing.call(OutgoingCall(method, url, **fields)))


def refusal(url: str = SHOP, method: str = "GET", **fields: Any) -> OutgoingError:
    with pytest.raises(OutgoingError) as refused:
        called(url, method, **fields)
    return refused.value


@pytest.mark.parametrize("url", HOSTILE)
def test_what_is_not_public_is_refused_in_the_same_words(url: str, names: Names) -> None:
    error = refusal(url)
    assert isinstance(error, AddressRefused)
    assert (error.code, str(error), error.may_have_arrived) == ("address_refused", "this address is not called", False)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "2800:3f0::1"],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_public_name_is_called(shop: WebServer) -> None:
    answer = called(method="POST", headers={"X-Key": "k"}, body=b'{"a": 1}')
    assert (answer.status, answer.body) == (200, b'{"ok": true}')
    (request,) = shop.received
    assert (request.method, request.path, request.body) == ("POST", "/orders", b'{"a": 1}')
    assert request.headers["Host"] == "api.shop.example"
    assert (request.headers["X-Key"], request.headers["Accept-Encoding"]) == ("k", "identity")


def test_this_machine_is_refused_where_nobody_lets_it_through(shop: WebServer, settings: Any) -> None:
    settings.OUTGOING_PRIVATE_NETWORKS = ()
    assert isinstance(refusal(), AddressRefused)
    assert shop.received == []


def test_a_name_that_points_elsewhere_a_moment_later_changes_nothing(names: Names, monkeypatch: Any) -> None:
    """DNS rebinding: public when it is checked, private when it would be connected to."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    def look_up(host: str, port: int, _family: Any) -> list[Any]:
        names.asked.append(host)
        return [(socket.AF_INET, one, port) for one in next(answers)]

    monkeypatch.setattr(outgoing, "look_up", look_up)
    sockets: list[str] = []

    def no_socket(info: Any) -> Any:
        sockets.append(info[4][0])
        raise OSError("no network in tests")

    monkeypatch.setattr(outgoing, "_checked_socket", no_socket)
    assert refusal().code == "unreachable"
    assert (names.asked, sockets) == (["api.shop.example"], ["93.184.216.34"])


def test_the_socket_looks_once_more() -> None:
    """Whatever became of the checks before it."""
    for address in ("127.0.0.1", "169.254.169.254", "fe80::1%eth0", "::1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with pytest.raises(AddressRefused):
            outgoing._checked_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 80)))


def test_a_redirect_is_an_answer_and_nothing_follows_it(shop: WebServer) -> None:
    shop.answer = lambda _request: (302, {"Location": "http://169.254.169.254/"}, b"")
    assert called().status == 302
    assert len(shop.received) == 1


def test_an_answer_that_is_too_large_is_cut_off(shop: WebServer) -> None:
    shop.answer = lambda _request: (200, {}, b"x" * (outgoing.LARGEST_ANSWER + 1))
    error = refusal()
    assert (error.code, error.may_have_arrived) == ("too_large", True)
    shop.answer = lambda _request: (200, {}, b"x" * outgoing.LARGEST_ANSWER)
    assert len(called().body) == outgoing.LARGEST_ANSWER


def test_a_packed_answer_is_not_unpacked(shop: WebServer) -> None:
    shop.answer = lambda _request: (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    assert refusal().code == "unreadable"


def test_whoever_does_not_answer_in_time_may_have_heard(shop: WebServer) -> None:
    let_go = threading.Event()

    def never(_request: Any) -> None:
        let_go.wait(30)

    shop.answer = never
    error = refusal(seconds=0.2)
    assert (error.code, error.may_have_arrived) == ("timeout", True)
    assert len(shop.received) == 1
    let_go.set()


def test_whoever_hangs_up_may_have_heard(shop: WebServer) -> None:
    shop.answer = lambda _request: None
    error = refusal()
    assert (error.code, error.may_have_arrived) == ("connection_lost", True)


def test_whoever_is_not_there_has_not_heard(shop: WebServer, names: Names) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        names.port = closed.getsockname()[1]
        error = refusal()
    assert (error.code, error.may_have_arrived) == ("unreachable", False)
    assert refusal("http://nobody.example/").code == "unreachable"


def test_a_header_with_a_line_break_is_not_sent(shop: WebServer) -> None:
    assert refusal(headers={"X-A": "1\r\nX-B: 2"}).code == "unsendable"
    assert shop.received == []


def test_no_error_names_the_address_or_what_was_sent(shop: WebServer) -> None:
    secret = "s3cret-token"
    shop.answer = lambda _request: None
    call = OutgoingCall("POST", f"{SHOP}?key={secret}", {"Authorization": secret}, secret.encode())
    with pytest.raises(OutgoingError) as lost:
        outbox_loop.run(outgoing.call(call))
    assert secret not in str(lost.value)
    assert lost.value.__cause__ is None
    assert secret not in repr(call)
