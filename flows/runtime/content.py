"""What tells two definitions apart."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson


def content_hash(document: Mapping[str, Any]) -> str:
    """The same for the same content, whatever the order of its keys."""
    return sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()
