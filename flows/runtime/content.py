"""What tells two definitions apart."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson


def content_hash(document: Mapping[str, Any], embedded: Mapping[str, Any] | None = None) -> str:
    """The same for the same content, whatever the order of its keys; other versions of its subflows are another."""
    content = [document, embedded.get("subflows")] if embedded else document
    return sha256(_canonical(content)).hexdigest()


def _canonical(content: Any) -> bytes:
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Lone surrogates, and whole numbers over 64 bits: a draft may hold them, and is refused by its problems.
        return json.dumps(content, sort_keys=True, default=str).encode()
