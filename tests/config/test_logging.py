"""Nothing secret in the logs, whatever is logged and by whom."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings

from config.logging import REDACTED, is_cpf, redact_value

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
BR_CODE = (
    "00020101021226580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal"
    "6008BRASILIA62070503***63041D3D"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
            f"POST https://api.telegram.org/bot{REDACTED}/sendMessage",
        ),
        ("Authorization: Bearer tk_live.abc-123", f"Authorization: Bearer {REDACTED}"),
        (f"pay {BR_CODE} now", f"pay {REDACTED} now"),
        ("cpf 529.982.247-25", f"cpf {REDACTED}"),
        ("cpf 52998224725", f"cpf {REDACTED}"),
    ],
)
def test_takes_secrets_out_of_a_text(text: str, expected: str) -> None:
    assert redact_value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "chat 52998224724",  # eleven digits, but the check digits are wrong
        "chat -100529982247",
        "id 1529982247251",  # a valid CPF inside a longer number
        "run 0192f3c4-7b1e-7aaa-8bbb-529982247250",
        "12:34:56",
    ],
)
def test_leaves_what_is_no_secret(text: str) -> None:
    assert redact_value(text) == text


def test_looks_into_containers_and_objects() -> None:
    nested = {"error": ValueError(TOKEN), "headers": [("x", TOKEN)], TOKEN: 1, "raw": TOKEN.encode()}
    assert redact_value(nested) == {"error": REDACTED, "headers": [["x", REDACTED]], REDACTED: 1, "raw": REDACTED}


def test_keeps_numbers_as_they_are() -> None:
    assert redact_value({"n": 1, "f": 0.5, "b": True, "none": None}) == {"n": 1, "f": 0.5, "b": True, "none": None}


def test_knows_a_cpf_by_its_check_digits() -> None:
    assert is_cpf("52998224725")
    assert not is_cpf("52998224726")
    assert not is_cpf("11111111111")


class Logged:
    """What a process would write to its log."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        options = dict(settings.LOGGING["formatters"]["json"])
        formatter = options.pop("()")(**options)
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter)

    def lines(self) -> list[dict[str, object]]:
        """Every line, read as JSON."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def logged() -> Iterator[Logged]:
    log = Logged()
    logging.getLogger().addHandler(log.handler)
    yield log
    logging.getLogger().removeHandler(log.handler)


def test_a_log_line_is_one_json_object_with_its_fields(logged: Logged) -> None:
    structlog.get_logger("flows").info("flow_event", event_type="entered", step_id="welcome")
    (line,) = logged.lines()
    assert line["event"] == "flow_event"
    assert line["event_type"] == "entered"
    assert line["step_id"] == "welcome"
    assert line["level"] == "info"
    assert line["logger"] == "flows"
    assert str(line["timestamp"]).endswith("Z")


def test_a_library_record_is_redacted_too_with_its_traceback(logged: Logged) -> None:
    try:
        raise RuntimeError(f"cannot reach bot{TOKEN}")
    except RuntimeError:
        logging.getLogger("some.library").exception("failed for %s", TOKEN)
    (line,) = logged.lines()
    assert line["event"] == f"failed for {REDACTED}"
    assert REDACTED in str(line["exception"])
    assert TOKEN not in json.dumps(line)


def test_http_libraries_do_not_log_addresses(logged: Logged) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
    assert logged.lines() == []
