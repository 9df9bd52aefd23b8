"""Sizes and bounds of a flow definition, and Telegram's own limits (Bot API, "Limits")."""

from typing import Final

MAX_DOCUMENT_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32
MAX_STEPS: Final = 1_000
MAX_CONDITIONS: Final = 50
MAX_VARIABLES: Final = 200
MAX_TRIGGERS: Final = 100
MAX_VARIABLE_TEXT: Final = 4_096
MAX_VARIABLE_ITEMS: Final = 100
MAX_VARIABLES_TEXT: Final = 64 * 1024
MAX_TAGS: Final = 100
MAX_TAG: Final = 64
MAX_ARMS: Final = 20
MAX_WEIGHT: Final = 1_000_000
# Subflows: how many one within the other, and how many steps a version may carry along.
MAX_SUBFLOW_DEPTH: Final = 5
MAX_EMBEDDED_STEPS: Final = 5_000
MAX_PROBLEMS: Final = 500
# With more errors than this in its fields, a document is not looked into any further.
MAX_ERRORS: Final = 2_000

MAX_ID: Final = 64
MAX_NAME: Final = 64
MAX_CONDITION_VALUE: Final = 1_024
MAX_MINUTES: Final = 366 * 24 * 60
MAX_ATTEMPTS: Final = 100
MAX_ORDER: Final = 1_000_000
MAX_DELAY_SECONDS: Final = 366 * 24 * 60 * 60
MAX_AMOUNT_DIGITS: Final = 9
MAX_COUPONS: Final = 100
MAX_COUPON_CODE: Final = 64
MAX_COUPON_LIMIT: Final = 1_000_000
MAX_URL: Final = 2_048
MAX_HEADER: Final = 2_048
MAX_HEADERS: Final = 20
MAX_JSON_PATH: Final = 256
MAX_SAVED: Final = 50
MAX_HTTP_SECONDS: Final = 10.0
MAX_HTTP_BODY: Final = 64 * 1024

# What one step may make the engine look at, whatever a chat sends.
MAX_INPUT: Final = 8_192

TELEGRAM_TEXT: Final = 4_096
TELEGRAM_CAPTION: Final = 1_024
TELEGRAM_BUTTONS: Final = 100
TELEGRAM_BUTTONS_PER_ROW: Final = 8
TELEGRAM_CALLBACK_ANSWER: Final = 200
TELEGRAM_COMMANDS: Final = 100
TELEGRAM_COMMAND_DESCRIPTION: Final = 256

# Longer than this, people stop reading; a warning only.
LONG_TEXT: Final = 1_500
