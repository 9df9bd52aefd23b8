"""Problems of a definition in English: message and hint by code; `[name]` is filled with the finding's value."""

from collections.abc import Mapping
from typing import Final

from flows.engine.problem_codes import Code, Expected

EXPECTED: Final[Mapping[Expected, str]] = {
    Expected.TEXT: "a text, “…”",
    Expected.WHOLE_NUMBER: "a whole number",
    Expected.NUMBER: "a number",
    Expected.FLAG: "true or false",
    Expected.LIST: "a list, […]",
    Expected.OBJECT: "an object, {…}",
    Expected.SCALAR: "a text, a number, true or false",
}

TEXTS: Final[Mapping[Code, tuple[str, str]]] = {
    Code.NOT_JSON: ("This value does not exist in JSON.", "Use only texts, numbers, lists and objects."),
    Code.NOT_AN_OBJECT: ("The flow must be a JSON object.", "Begin with { and end with }."),
    Code.TOO_LARGE: ("The flow is too large: the limit is [limit].", "Split the flow into smaller ones."),
    Code.TOO_DEEP: (
        "The flow is nested too deep: the limit is [limit].",
        "See whether something was pasted into itself.",
    ),
    Code.BAD_TEXT: ("The text holds invalid characters.", "Delete that part and type it again."),
    Code.BAD_NUMBER: ("The number is not valid.", "Use an ordinary number, such as 5 or 1.5."),
    Code.UNSUPPORTED_VERSION: ("This version of the format is not known.", 'Use "spec_version": 1.'),
    Code.UNKNOWN_FIELD: ("There is no field “[name]” here.", "Check the spelling or remove the field."),
    Code.REQUIRED: ("The field “[name]” is required.", "Fill in the field."),
    Code.WRONG_TYPE: ("The field “[name]” has the wrong type: expected [expected].", "Correct the field's value."),
    Code.BLANK: ("The field “[name]” must not be empty.", "Fill in or remove the field."),
    Code.TOO_LONG: ("The field “[name]” is too long: the limit is [limit].", "Shorten the value."),
    Code.TOO_SHORT: ("The field “[name]” needs at least [limit].", "Add what is missing."),
    Code.OUT_OF_RANGE: ("The value of “[name]” is out of bounds: [bound].", "Use a value within the bounds."),
    Code.NOT_AN_OPTION: ("The value of “[name]” is not one of the options.", "Use one of these: [options]."),
    Code.UNKNOWN_STEP_TYPE: ("The step type “[type]” is not known.", "Use one of these: [options]."),
    Code.UNKNOWN_CONDITION_TYPE: ("The condition type “[type]” is not known.", "Use one of these: [options]."),
    Code.VALUE_MISSING: ("The value to compare with is missing.", "Fill in “value”."),
    Code.BAD_REGEX: (
        "The regular expression is not valid.",
        "Use RE2 syntax: no back-references (\\1) and no look-around (?=…).",
    ),
    Code.BAD_VARIABLE_NAME: (
        "This is not the name of a variable.",
        "Use plain letters, digits and _, starting with a letter: email, full_name.",
    ),
    Code.BAD_TIME: ("This is not a time of day.", "Write hours and minutes: 09:00."),
    Code.BAD_COMMAND: (
        "This is not a command that can be used.",
        "Use plain letters, digits and _, up to 32; /start begins the flow already.",
    ),
    Code.DUPLICATE_COMMAND: ("The command /[command] appears more than once.", "Keep one target per command."),
    Code.TRIGGER_WORD: (
        "A trigger needs a command or a keyword, and only one of them.",
        "Fill in “command” or “keyword”; for both, make two triggers.",
    ),
    Code.DUPLICATE_KEYWORD: ("The keyword “[keyword]” appears more than once.", "Keep one target per keyword."),
    Code.RESERVED_COMMAND: (
        "/[command] is answered by the bot itself: this trigger never happens.",
        "Choose another command. What the bot answers to /[command] is edited in the bot's texts.",
    ),
    Code.NO_VALID_CONDITION: (
        "None of this step's conditions is valid.",
        "Correct the conditions: without them the step counts as missing.",
    ),
    Code.TOO_MANY_STEPS: ("The flow has [count] steps: the limit is [limit].", "Split the flow into smaller ones."),
    Code.TOO_MANY_CONDITIONS: ("The step has [count] conditions: the limit is [limit].", "Split the step in two."),
    Code.TOO_MANY_VARIABLES: ("The flow uses [count] variables: the limit is [limit].", "Remove the unused ones."),
    Code.TOO_MANY_EMBEDDED_STEPS: (
        "The subflows bring [count] steps along: the limit is [limit].",
        "Use fewer subflows, or shorter ones.",
    ),
    Code.NO_START_STEP: ("The flow has no start step.", "Choose the step the conversation begins with."),
    Code.UNKNOWN_START_STEP: ("The start step “[target]” does not exist.", "Choose a step that exists."),
    Code.DUPLICATE_STEP_ID: ("More than one step has the id “[id]”.", "Give each step an id of its own."),
    Code.UNKNOWN_TARGET: (
        "The target step “[target]” does not exist.",
        "Connect to a step that exists or remove the connection.",
    ),
    Code.DEAD_END: (
        "The conversation stops at this step: it leads nowhere.",
        "Connect “next” or add a condition.",
    ),
    Code.ACCESS_WITH_CONNECTION: (
        "An access step ends the conversation and can have no connections.",
        "Remove the connection or use a “deliver” step, which goes on.",
    ),
    Code.ACCESS_WITH_CONDITION: (
        "An access step ends the conversation and can have no conditions.",
        "Remove the conditions or use a “deliver” step, which goes on.",
    ),
    Code.CYCLE: ("The flow comes back to the same point: [path].", "Undo one connection or allow loops (allow_loops)."),
    Code.UNATTENDED_CYCLE: (
        "The flow turns in a circle without waiting for anyone: [path].",
        "Undo one connection or put a step that waits for the customer on the way.",
    ),
    Code.WALK_TOO_LONG: (
        "From “[first]” on nothing waits for anyone: the conversation would stop before “[last]”, after [limit] steps.",
        "Put a step that waits for the customer between them, such as buttons, a question or a pause.",
    ),
    Code.ATTENDED_LOOP: ("The flow allows this loop: [path].", "See that the customer has a way out of it."),
    Code.UNREACHABLE_STEP: ("No way leads to this step.", "Connect it to the flow or delete it."),
    Code.UNUSED_CONNECTION: ("The exit “[name]” is never taken by this type of step.", "Remove the connection."),
    Code.UNKNOWN_FLOW: (
        "The flow “[id]” cannot be run here: it does not exist, is not published or belongs to another bot.",
        "Choose a published flow of this bot. An imported flow has another id here: publish it first, then name it.",
    ),
    Code.SUBFLOW_CYCLE: (
        "This flow would run itself within itself: [path].",
        "Break the circle: one of these flows must not run the next.",
    ),
    Code.SUBFLOW_TOO_DEEP: (
        "“[name]” holds too many subflows one within the other: the limit is [limit].",
        "Run the inner flows from here, one after the other.",
    ),
    Code.REPEATED_SUBFLOW: (
        "After “[before]”, “[name]” comes through the same steps again without a wait: the conversation would stop.",
        "Put a step that waits between them, such as buttons or a question.",
    ),
    Code.BUTTON_LEADS_NOWHERE: (
        "The button “[text]” leads nowhere.",
        "Choose the button's target, add a condition for it or connect “next”.",
    ),
    Code.BUTTON_URL_AND_TARGET: (
        "The button “[text]” opens a page, so it cannot lead to a step.",
        "Keep only the page or only the target.",
    ),
    Code.DUPLICATE_BUTTON: ("Two buttons have the text “[text]”.", "Give each button a text of its own."),
    Code.UNKNOWN_BUTTON: ("No button of this step has the text “[text]”.", "Copy the button's text exactly."),
    Code.TOO_MANY_BUTTONS: ("There are [count] buttons: Telegram takes up to [limit].", "Split them over two steps."),
    Code.NOTHING_TO_PRESS: (
        "All buttons open pages: the flow does not learn of a press.",
        "Add a button that continues the conversation or a time condition.",
    ),
    Code.CONDITION_NEVER_FITS: (
        "A “[type]” condition never happens in a “[step_type]” step.",
        "Remove the condition or change the type of the step.",
    ),
    Code.SHADOWED_CONDITION: (
        "This condition is never reached: condition [earlier] always wins before it.",
        "Change the order or remove one of the two.",
    ),
    Code.FALLBACK_WITHOUT_ATTEMPTS: (
        "The fallback step is never taken, because attempts have no limit.",
        "Fill in “max_attempts”.",
    ),
    Code.BRANCH_WITHOUT_NEXT: (
        "Who matches no condition has no way on: the conversation ends here.",
        "Connect “next” for everybody else.",
    ),
    Code.DUPLICATE_ARM: ("Two arms have the name “[name]”.", "Give each arm a name of its own."),
    Code.NOTHING_TO_SAY: ("The message is empty.", "Write a text or choose a media."),
    Code.NOTHING_TO_DELIVER: ("Nothing is delivered here.", "Fill in text, link, media or group."),
    Code.MEDIA_SOURCE: ("A media needs exactly one source.", "Fill in only one: url, asset or file_id."),
    Code.DELAY_DURATION: (
        "A delay needs exactly one duration.",
        "Fill in only one: seconds, minutes, hours, days or until.",
    ),
    Code.TEXT_TOO_LONG: (
        "The text has [count] characters: Telegram takes up to [limit].",
        "Split the text into two messages.",
    ),
    Code.CAPTION_TOO_LONG: (
        "The caption has [count] characters: Telegram takes up to [limit].",
        "Shorten the caption or send the text in another message.",
    ),
    Code.LONG_TEXT: ("The text is very long ([count] characters).", "Short texts sell better: consider splitting it."),
    Code.BAD_URL: (
        "The address is not valid: use http:// or https://.",
        "Write the whole address: https://example.com.",
    ),
    Code.PRIVATE_URL: ("The address points into a private network.", "Use a public address."),
    Code.URL_NOT_CALLED: (
        "This address is not called: it names a port of its own, or a user and password.",
        "Use https:// without a port; put a password into a header, such as Authorization.",
    ),
    Code.BAD_HEADER: (
        "The header cannot be set: “[name]”.",
        "Use letters, digits and -, and a value on one line; Host, Content-Length and Idempotency-Key are set by us.",
    ),
    Code.BAD_JSON_PATH: (
        "This is no path into the answer.",
        "Write names with dots and places in brackets: data.items[0].price.",
    ),
    Code.BODY_NOT_SENT: ("A GET sends no body.", "Use POST, or remove the body."),
    Code.BROKEN_PLACEHOLDER: (
        "“[text]” is not a variable and will be sent as it is.",
        "Write {{name}}: letters, digits and _, between two braces.",
    ),
    Code.UNKNOWN_VARIABLE: (
        "No step fills the variable “[name]”: it will be empty.",
        "Check the spelling or keep an answer in it with “save_as”.",
    ),
    Code.RESERVED_VARIABLE: (
        "The name “[name]” belongs to Trilho: no step can write it.",
        "Choose another name, such as my_[name].",
    ),
    Code.NOTHING_TO_SET: ("This step notes nothing.", "Fill in a variable, a tag, or remove the step."),
    Code.PAYMENT_WITHOUT_EXIT: (
        "The payment needs the exit “paid” (next) or “pending”.",
        "Connect at least one of the two.",
    ),
    Code.PAYMENT_WITHOUT_PAID_EXIT: (
        "Who pays gets no answer: there is no way for “paid” and nothing is delivered.",
        "Connect “paid” (next), add a “paid” condition or fill in “deliver”.",
    ),
    Code.PAYMENT_WITHOUT_PENDING: (
        "There is no way for who has not paid yet.",
        "Connect “pending” to remind the customer.",
    ),
    Code.NO_AMOUNT: (
        "No amount to charge was found.",
        "Fill in the payment's amount or the price of the button that leads to it.",
    ),
    Code.BAD_AMOUNT: ("“[amount]” is not an amount.", 'Write only the number, with a point: "29.90".'),
    Code.AMOUNT_NOT_POSITIVE: ("The amount must be more than zero.", 'Write a positive amount: "29.90".'),
    Code.AMOUNT_DECIMALS: ("The amount has more than two decimals.", 'Use at most two decimals: "29.90".'),
    Code.AMOUNT_TOO_LARGE: ("The amount is too high.", "Use at most [limit] digits before the point."),
    Code.STARS_NOT_WHOLE: ("Amounts in Stars are whole.", 'Write it without decimals: "100".'),
    Code.PRICE_FROM_CONTACT: (
        "The price uses the variable “[name]”, which the customer can write.",
        "Use a fixed price, so that nobody chooses what they pay.",
    ),
    Code.MAIN_BUTTON_WITHOUT_ACCESS: (
        "The button “[text]” has a price but delivers nothing.",
        "Fill in the access the customer gets on paying.",
    ),
    Code.UNPAID_ACCESS: ("This access can be reached without paying: [path].", "See whether that is what you want."),
    Code.PRICE_DIFFERS: (
        "The text says [written], but [charged] is charged.",
        "Use the same price in the text and in the charge.",
    ),
    Code.PIX_WITHOUT_STARS: (
        "This flow sells by PIX without offering Telegram Stars.",
        "For digital goods, Telegram's terms ask for Stars. If that is your case, consider offering both.",
    ),
    Code.COUPON_DISCOUNT: (
        "The coupon “[coupon]” needs exactly one of “percent” and “amount_off”.",
        "Fill in a percentage or an amount, and leave the other empty.",
    ),
    Code.BAD_PERCENT: (
        "A percentage goes from 1 to 99, with at most two decimals.",
        'Write a whole number, 10, or a text with a point: "12.5".',
    ),
    Code.BAD_DATE: ("This is no day that exists.", 'Write year, month and day: "2026-12-31".'),
    Code.DUPLICATE_COUPON: (
        "Two coupons of this step have the code “[coupon]”.",
        "Give each its own; upper and lower case make no difference.",
    ),
    Code.COUPON_DOES_NOT_FIT: (
        "The coupon “[coupon]” takes off nothing of this amount, or all of it.",
        "Something must be taken off, and something must be left to pay.",
    ),
    Code.COUPON_EXPIRED: (
        "The coupon “[coupon]” ended on [until].",
        "Give it a later day, or take it out.",
    ),
    Code.UNKNOWN_GATEWAY: ("The gateway account “[id]” does not exist.", "Choose one of your accounts."),
    Code.NO_GATEWAY: ("The bot has no gateway account yet.", "Connect an account before selling."),
    Code.CURRENCY_NOT_TAKEN: ("The gateway account does not take [currency].", "Choose another currency or account."),
    Code.PAYER_FIELD_MISSING: (
        "The gateway account needs the payer's “[name]”.",
        "Ask for it before and name the variable in payer.[name].",
    ),
    Code.ACCOUNT_LACKS_PAYER_FIELD: (
        "If the first account fails, “[account]” cannot take over: it needs the payer's “[name]”.",
        "Ask for it before and name the variable in payer.[name], or take the account off the bot's list.",
    ),
    Code.AMOUNT_BELOW_MINIMUM: (
        "No account of the bot takes so little: the least is [least].",
        "Charge [least] or more, or connect an account that takes less.",
    ),
    Code.ACCOUNT_TAKES_MORE: (
        "The account “[account]” takes [least] at the least: for less it is skipped.",
        "Charge [least] or more, or put an account that takes less in the bot's list.",
    ),
    Code.CODE_LIVES_OTHERWISE: (
        "At the account “[account]” the code can be paid for [minutes] minutes, not as long as the step says.",
        "Say [minutes] minutes in the step, or choose another account.",
    ),
    Code.CHAT_WITHOUT_RIGHTS: (
        "The bot may not let anybody into this group or channel.",
        "Make it an administrator there, with the right to invite people.",
    ),
    Code.UNKNOWN_CHAT: ("The group or channel “[id]” is not connected.", "Choose one of the connected groups."),
    Code.UNKNOWN_MEDIA: ("The media “[id]” does not exist.", "Upload the file again or choose another."),
    Code.MEDIA_KIND: (
        "The file is “[kind]” and cannot be sent as “[wanted]”.",
        "Choose another file, or send this one as “[kind]” or “document”.",
    ),
    Code.CONVERSATION_TEST_FAILED: (
        "The test “[name]” no longer passes, at item [place]: expected [expected], got [came].",
        "Correct the flow, or the test if this is what you want now.",
    ),
}
