"""Structured logs: one JSON object a line, and nothing secret in it."""

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

SECRETS = (
    # A bot token, also inside the URL that httpx would log.
    re.compile(r"\d{6,}:[\w-]{30,}"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
    # A BR Code runs from its payload format indicator to its checksum.
    re.compile(r"000201[\x20-\x7e]{20,}?6304[0-9A-Fa-f]{4}"),
    # CPF, dotted or bare; a bare one must not be a part of a longer number, such as a chat id.
    re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"),
)
CPF_DIGITS = re.compile(r"(?<![\d-])\d{11}(?!\d)")


def is_cpf(digits: str) -> bool:
    """Whether eleven digits carry the check digits of a CPF."""
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(digit) * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=False))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def redact_text(text: str) -> str:
    """The text without tokens, CPFs and payment codes."""
    for pattern in SECRETS:
        text = pattern.sub(REDACTED, text)
    return CPF_DIGITS.sub(lambda match: REDACTED if is_cpf(match.group()) else match.group(), text)


def redact_value(value: Any) -> Any:
    """The same value with every text inside redacted; containers are copied, not changed."""
    match value:
        case str():
            return redact_text(value)
        case bytes():
            return redact_text(value.decode("utf-8", "replace"))
        case dict():
            return {redact_value(key): redact_value(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redact_value(item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return redact_text(str(value))


def redact(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """The last processor before rendering, so that nothing added by another slips past it."""
    return {
        key: value if key in {"_record", "_from_structlog"} else redact_value(value)
        for key, value in event_dict.items()
    }


SHARED_PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    structlog.processors.UnicodeDecoder(),
]


def logging_config(*, level: str) -> dict[str, Any]:
    """The dictionary for `logging.config.dictConfig`, for our records and the libraries' alike."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED_PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    redact,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # These log request addresses, and Telegram's hold the bot's token.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            "aiohttp.access": {"level": "WARNING"},
            # A bell carries nothing worth a line, and there are a hundred a second.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Set up structlog and the standard library; safe to repeat."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
