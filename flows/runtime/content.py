"""What tells two definitions apart."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson


def content_hash(document: Mapping[str, Any], embedded: Mapping[str, Any] | None = None) -> str:
    """The same for the same content, whatever the order of its keys; other versions of its subflows are another."""
    content = [document, embedded.get("subflows")] if embedded else document
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()
