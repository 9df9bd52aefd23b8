"""HTTP calls to addresses that others name: public ones only, on the web's own ports, bounded in time and in size.

A name is looked up once, every address it has is checked, and the connection goes to a checked address, so a name that
points elsewhere a moment later changes nothing. The socket itself looks once more. Nothing is redirected, no proxy is
asked, no cookie kept, nothing unpacked.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings
from yarl import URL

from bots.addresses import Address, is_public
from bots.outbox.loop import Threads

LONGEST_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 256 * 1024
CONNECT_SECONDS: Final = 5.0
USER_AGENT: Final = "Trilho"
PORTS: Final = {"http": 80, "https": 443}
# An address written as browsers and `inet_aton` read it: decimal, octal, hexadecimal, with fewer dots.
_NUMERIC: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
# Slow names of one seller must not keep the threads that everything else on the loop uses.
_lookups = Threads(8, "outgoing-dns")


class OutgoingError(Exception):
    """There is no answer to go by. `code` is for machines; the text holds nothing of the address or of the request.

    `may_have_arrived`: the call may have been carried out all the same.
    """

    def __init__(self, code: str, message: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.may_have_arrived = may_have_arrived


class AddressRefused(OutgoingError, OSError):
    """Not a public address of the web. The same words whatever it was, so that nobody learns what stands behind it."""

    def __init__(self) -> None:
        super().__init__("address_refused", "this address is not called")


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """One request. Its address, headers and body may hold secrets: none is ever shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    seconds: float = LONGEST_SECONDS


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """What came back, whatever its status."""

    status: int
    body: bytes = field(repr=False)


async def call(request: OutgoingCall) -> OutgoingAnswer:
    """Make one call on the running loop, in `LONGEST_SECONDS` at most, looking up included. Raises OutgoingError and
    nothing else."""
    url = _checked_url(request.url)
    try:
        async with asyncio.timeout(min(request.seconds, LONGEST_SECONDS)):
            return await _call(request, url)
    except (aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
        raise OutgoingError("unreachable", "no connection") from None
    except TimeoutError:
        raise OutgoingError("timeout", "no answer in time", may_have_arrived=True) from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, AddressRefused):
            raise AddressRefused from None
        raise OutgoingError("unreachable", "no connection") from None
    except OutgoingError:
        raise
    except ValueError:
        raise OutgoingError("unsendable", "the call cannot be written") from None
    except (aiohttp.ClientError, OSError) as error:
        lost = f"connection lost ({type(error).__name__})"
        raise OutgoingError("connection_lost", lost, may_have_arrived=True) from None


async def _call(request: OutgoingCall, url: URL) -> OutgoingAnswer:
    headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **request.headers, "Accept-Encoding": "identity"}
    async with _session.open().request(
        request.method,
        url,
        headers=headers,
        data=request.body,
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_SECONDS, request.seconds)),
    ) as answer:
        if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise OutgoingError("unreadable", "the answer is packed", may_have_arrived=True)
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise OutgoingError("too_large", "the answer is too large", may_have_arrived=True)
        return OutgoingAnswer(answer.status, bytes(body))


async def close() -> None:
    """Let go of the session, and with it of its connections: for tests, between two servers."""
    await _session.close()


def _checked_url(text: str) -> URL:
    """The address, if by its letters it may be called; whom it leads to is seen when it is looked up."""
    try:
        url = URL(text)
        host, port, is_plain = url.raw_host or "", url.port, url.raw_user is None and url.raw_password is None
    except ValueError:
        raise AddressRefused from None
    if not host or "\\" in text or not is_plain:
        raise AddressRefused
    if url.scheme not in PORTS or (port not in PORTS.values()):
        raise AddressRefused
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if _NUMERIC.fullmatch(host):
            raise AddressRefused from None
    else:
        _check(address)
    return url


def _check(address: Address) -> None:
    if not is_public(address) and not any(
        address in network for network in settings.OUTGOING_PRIVATE_NETWORKS if network.version == address.version
    ):
        raise AddressRefused


def _check_text(text: str) -> None:
    try:
        _check(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        raise AddressRefused from None


def look_up(host: str, port: int, family: socket.AddressFamily) -> Sequence[tuple[int, str, int]]:
    """Family, address and port of everything the name stands for, as the system's resolver says."""
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(one[0], str(one[4][0]), int(one[4][1])) for one in found]


class PublicResolver(AbstractResolver):
    """Every address of a name, if all of them are public; one that is not spoils the name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(_lookups, look_up, host, port, family)
        for _family, address, _port in found:
            _check_text(address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=its_port,
                family=its_family,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for its_family, address, its_port in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""


def _checked_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """The last look: at the very address that is connected to."""
    family, kind, protocol, _name, target = info
    _check_text(str(target[0]))
    return socket.socket(family=family, type=kind, proto=protocol)


class _Session:
    """One per process and loop; each call has a connection of its own."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            connector = aiohttp.TCPConnector(
                resolver=PublicResolver(),
                socket_factory=_checked_socket,
                use_dns_cache=False,
                force_close=True,
                limit=0,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
            )
            self._loop = loop
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = self._loop = None


_session = _Session()
