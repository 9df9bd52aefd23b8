"""What a gateway's refusal means, in words a seller can act on; our codes and a gateway's English stay out of sight."""

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bots.errors import Text

# As services write it down: the code of a `GatewayError`, and its message.
_WRITTEN: Final = re.compile(r"(?P<code>[a-z][a-z_]{2,40}): ?(?P<message>.*)", re.DOTALL)

FAILURES: Mapping[str, Text] = {
    "unreachable": gettext_lazy("The gateway could not be reached."),
    "timeout": gettext_lazy("The gateway did not answer in time."),
    "connection_lost": gettext_lazy("The connection to the gateway was lost."),
    "gateway_down": gettext_lazy("The gateway is out of order."),
    "too_many_requests": gettext_lazy("The gateway asked us to slow down."),
    "unreadable_answer": gettext_lazy("The gateway's answer made no sense."),
    "credentials_refused": gettext_lazy("The gateway does not accept the credentials of this account."),
    "refund_too_large": gettext_lazy("The gateway holds less of this payment than was to be given back."),
    "whole_refunds_only": gettext_lazy("This gateway gives back a whole payment or nothing."),
    "other_currency": gettext_lazy("This gateway does not take this currency."),
}


def failure_in_words(written: str) -> str:
    """One sentence; what we have no words for is quoted as the gateway's own."""
    found = _WRITTEN.fullmatch(written.strip())
    code, message = (found["code"], found["message"].strip()) if found else ("", written.strip())
    if code in FAILURES:
        return str(FAILURES[code])
    if not message or message == code:
        return _("The gateway refused without saying why.")
    return _("The gateway answered: “%(message)s”") % {"message": message}
