"""The code of every problem a definition can have, and which of them are only warnings."""

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    # The shape of the document.
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    BAD_TEXT = "bad_text"
    BAD_NUMBER = "bad_number"
    UNSUPPORTED_VERSION = "unsupported_version"
    UNKNOWN_FIELD = "unknown_field"
    REQUIRED = "required"
    WRONG_TYPE = "wrong_type"
    BLANK = "blank"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    OUT_OF_RANGE = "out_of_range"
    NOT_AN_OPTION = "not_an_option"
    UNKNOWN_STEP_TYPE = "unknown_step_type"
    UNKNOWN_CONDITION_TYPE = "unknown_condition_type"
    VALUE_MISSING = "value_missing"
    BAD_REGEX = "bad_regex"
    BAD_VARIABLE_NAME = "bad_variable_name"
    BAD_TIME = "bad_time"
    BAD_COMMAND = "bad_command"
    NO_VALID_CONDITION = "no_valid_condition"
    # Sizes.
    TOO_MANY_STEPS = "too_many_steps"
    TOO_MANY_CONDITIONS = "too_many_conditions"
    TOO_MANY_VARIABLES = "too_many_variables"
    TOO_MANY_EMBEDDED_STEPS = "too_many_embedded_steps"
    # Steps and ways.
    NO_START_STEP = "no_start_step"
    UNKNOWN_START_STEP = "unknown_start_step"
    DUPLICATE_STEP_ID = "duplicate_step_id"
    UNKNOWN_TARGET = "unknown_target"
    DEAD_END = "dead_end"
    ACCESS_WITH_CONNECTION = "access_with_connection"
    ACCESS_WITH_CONDITION = "access_with_condition"
    DUPLICATE_COMMAND = "duplicate_command"
    TRIGGER_WORD = "trigger_word"
    DUPLICATE_KEYWORD = "duplicate_keyword"
    RESERVED_COMMAND = "reserved_command"
    CYCLE = "cycle"
    UNATTENDED_CYCLE = "unattended_cycle"
    WALK_TOO_LONG = "walk_too_long"
    ATTENDED_LOOP = "attended_loop"
    UNREACHABLE_STEP = "unreachable_step"
    UNUSED_CONNECTION = "unused_connection"
    # Subflows.
    UNKNOWN_FLOW = "unknown_flow"
    SUBFLOW_CYCLE = "subflow_cycle"
    SUBFLOW_TOO_DEEP = "subflow_too_deep"
    REPEATED_SUBFLOW = "repeated_subflow"
    # Buttons.
    BUTTON_LEADS_NOWHERE = "button_leads_nowhere"
    BUTTON_URL_AND_TARGET = "button_url_and_target"
    DUPLICATE_BUTTON = "duplicate_button"
    UNKNOWN_BUTTON = "unknown_button"
    TOO_MANY_BUTTONS = "too_many_buttons"
    NOTHING_TO_PRESS = "nothing_to_press"
    # Conditions.
    CONDITION_NEVER_FITS = "condition_never_fits"
    SHADOWED_CONDITION = "shadowed_condition"
    FALLBACK_WITHOUT_ATTEMPTS = "fallback_without_attempts"
    BRANCH_WITHOUT_NEXT = "branch_without_next"
    DUPLICATE_ARM = "duplicate_arm"
    # Content.
    NOTHING_TO_SAY = "nothing_to_say"
    NOTHING_TO_DELIVER = "nothing_to_deliver"
    MEDIA_SOURCE = "media_source"
    DELAY_DURATION = "delay_duration"
    TEXT_TOO_LONG = "text_too_long"
    CAPTION_TOO_LONG = "caption_too_long"
    LONG_TEXT = "long_text"
    BAD_URL = "bad_url"
    PRIVATE_URL = "private_url"
    URL_NOT_CALLED = "url_not_called"
    BAD_HEADER = "bad_header"
    BAD_JSON_PATH = "bad_json_path"
    BODY_NOT_SENT = "body_not_sent"
    BROKEN_PLACEHOLDER = "broken_placeholder"
    UNKNOWN_VARIABLE = "unknown_variable"
    RESERVED_VARIABLE = "reserved_variable"
    NOTHING_TO_SET = "nothing_to_set"
    # Money.
    PAYMENT_WITHOUT_EXIT = "payment_without_exit"
    PAYMENT_WITHOUT_PAID_EXIT = "payment_without_paid_exit"
    PAYMENT_WITHOUT_PENDING = "payment_without_pending"
    NO_AMOUNT = "no_amount"
    BAD_AMOUNT = "bad_amount"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_DECIMALS = "amount_decimals"
    AMOUNT_TOO_LARGE = "amount_too_large"
    STARS_NOT_WHOLE = "stars_not_whole"
    PRICE_FROM_CONTACT = "price_from_contact"
    MAIN_BUTTON_WITHOUT_ACCESS = "main_button_without_access"
    UNPAID_ACCESS = "unpaid_access"
    PRICE_DIFFERS = "price_differs"
    PIX_WITHOUT_STARS = "pix_without_stars"
    COUPON_DISCOUNT = "coupon_discount"
    BAD_PERCENT = "bad_percent"
    BAD_DATE = "bad_date"
    DUPLICATE_COUPON = "duplicate_coupon"
    COUPON_DOES_NOT_FIT = "coupon_does_not_fit"
    COUPON_EXPIRED = "coupon_expired"
    # What the organization has.
    UNKNOWN_GATEWAY = "unknown_gateway"
    NO_GATEWAY = "no_gateway"
    CURRENCY_NOT_TAKEN = "currency_not_taken"
    PAYER_FIELD_MISSING = "payer_field_missing"
    ACCOUNT_LACKS_PAYER_FIELD = "account_lacks_payer_field"
    AMOUNT_BELOW_MINIMUM = "amount_below_minimum"
    ACCOUNT_TAKES_MORE = "account_takes_more"
    CODE_LIVES_OTHERWISE = "code_lives_otherwise"
    UNKNOWN_CHAT = "unknown_chat"
    CHAT_WITHOUT_RIGHTS = "chat_without_rights"
    UNKNOWN_MEDIA = "unknown_media"
    MEDIA_KIND = "media_kind"
    # What the owner expects of the flow.
    CONVERSATION_TEST_FAILED = "conversation_test_failed"


class Expected(StrEnum):
    """What a field of the wrong type should have been."""

    TEXT = "text"
    WHOLE_NUMBER = "whole_number"
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"
    OBJECT = "object"
    SCALAR = "scalar"


WARNINGS: Final = frozenset(
    {
        Code.RESERVED_COMMAND,
        Code.ATTENDED_LOOP,
        Code.UNREACHABLE_STEP,
        Code.UNUSED_CONNECTION,
        Code.NOTHING_TO_PRESS,
        Code.CONDITION_NEVER_FITS,
        Code.SHADOWED_CONDITION,
        Code.FALLBACK_WITHOUT_ATTEMPTS,
        Code.BRANCH_WITHOUT_NEXT,
        Code.LONG_TEXT,
        Code.BODY_NOT_SENT,
        Code.BROKEN_PLACEHOLDER,
        Code.UNKNOWN_VARIABLE,
        Code.PAYMENT_WITHOUT_PENDING,
        Code.CHAT_WITHOUT_RIGHTS,
        Code.UNPAID_ACCESS,
        Code.PRICE_DIFFERS,
        Code.PIX_WITHOUT_STARS,
        Code.COUPON_EXPIRED,
        Code.NO_GATEWAY,
        Code.ACCOUNT_LACKS_PAYER_FIELD,
        Code.ACCOUNT_TAKES_MORE,
        Code.CODE_LIVES_OTHERWISE,
    }
)
