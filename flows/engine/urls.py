"""Whether a URL is a public http(s) address, by its letters alone: nothing is looked up."""

import ipaddress
import re
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from bots.addresses import is_public
from flows.engine import limits
from flows.engine.expressions import is_template, without_placeholders

_PRIVATE_NAMES: Final = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "localdomain")
_LABEL: Final = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_NUMERIC: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?")


class UrlFault(StrEnum):
    INVALID = "invalid"
    PRIVATE = "private"


def fault_of(url: str) -> UrlFault | None:
    """What is wrong with a URL, which may hold variables after its host; None for a public http(s) address.

    A host that is an address must be a public one; numbers that browsers read as addresses (decimal, octal, hex)
    and names of no public domain count as private.
    """
    text = url.strip()
    if len(text) > limits.MAX_URL or any(c.isspace() or ord(c) < 32 for c in without_placeholders(text)):
        return UrlFault.INVALID
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return UrlFault.INVALID
    if parts.scheme.lower() not in ("http", "https") or not host or is_template(parts.netloc) or "\\" in parts.netloc:
        return UrlFault.INVALID
    return _fault_of_host(host.rstrip("."))


def is_callable(url: str) -> bool:
    """Whether a public address is one that `http` steps call: on the usual port of its scheme, with no name or password
    in it."""
    parts = urlsplit(url.strip())
    return parts.port in (None, 80, 443) and "@" not in parts.netloc


def _fault_of_host(host: str) -> UrlFault | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _fault_of_name(host)
    return None if is_public(address) else UrlFault.PRIVATE


def _fault_of_name(host: str) -> UrlFault | None:
    if _NUMERIC.fullmatch(host):
        return UrlFault.PRIVATE
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return UrlFault.INVALID
    return UrlFault.PRIVATE if len(labels) == 1 or labels[-1] in _PRIVATE_NAMES else None
