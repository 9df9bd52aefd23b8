"""How money that is not as expected looks and reads."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.web.looks import Look, Tone
from payments.domain.rules import MoneyCase

CASES: Mapping[MoneyCase, Look] = {
    MoneyCase.LATE: Look("clock", _("Paid late"), Tone.NEEDS),
    MoneyCase.DOUBLE: Look("triangle-alert", _("Paid twice"), Tone.NEEDS),
    MoneyCase.SMALLER: Look("triangle-alert", _("Paid less"), Tone.NEEDS),
    MoneyCase.LARGER: Look("triangle-alert", _("Paid more"), Tone.NEEDS),
}
EXPLAINED: Mapping[MoneyCase, Text] = {
    MoneyCase.LATE: _("The money came after the code had ended. Deliver gives what was bought."),
    MoneyCase.DOUBLE: _("The sale was paid already. Deliver keeps the money; there is nothing more to give."),
    MoneyCase.SMALLER: _("Less came than was asked. Deliver gives what was bought all the same."),
    MoneyCase.LARGER: _("More came than was asked, and the sale was served. Deliver keeps the surplus."),
}
