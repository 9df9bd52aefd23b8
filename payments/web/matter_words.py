"""How money that is not as expected looks and reads."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.web.looks import Look, Tone
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.models import MatterState

CASES: Mapping[MoneyCase, Look] = {
    MoneyCase.LATE: Look("clock", _("Paid late"), Tone.NEEDS),
    MoneyCase.DOUBLE: Look("copy", _("Paid twice"), Tone.NEEDS),
    MoneyCase.SMALLER: Look("triangle-alert", _("Paid less"), Tone.NEEDS),
    MoneyCase.LARGER: Look("triangle-alert", _("Paid more"), Tone.NEEDS),
}
EXPLAINED: Mapping[MoneyCase, Text] = {
    MoneyCase.LATE: _("The money came after the code had ended. The person has not got what was bought yet."),
    MoneyCase.DOUBLE: _("This sale was paid already and the person was served. This money came on top."),
    MoneyCase.SMALLER: _("Less came than was asked. The person has not got what was bought yet."),
    MoneyCase.LARGER: _("More came than was asked. The person was served; this is about what is too much."),
}
# A surplus has nothing to deliver: the money stays.
_KEEPS = frozenset({MoneyCase.DOUBLE, MoneyCase.LARGER})
_POLICIES: Mapping[MoneyPolicy, Text] = {
    MoneyPolicy.DELIVER: _("Deliver"),
    MoneyPolicy.CREDIT: _("Keep as credit"),
    MoneyPolicy.REFUND: _("Give it back"),
    MoneyPolicy.ASK_ME: _("Ask me"),
}
_DELIVERED: Mapping[MoneyCase, Text] = {
    MoneyCase.LATE: _("Deliver what was bought"),
    MoneyCase.DOUBLE: _("Keep the money"),
    MoneyCase.SMALLER: _("Deliver all the same"),
    MoneyCase.LARGER: _("Keep the money"),
}
_STATES: Mapping[str, Text] = {
    MatterState.CREDITED: _("Kept as credit"),
    MatterState.REFUNDED: _("Given back"),
    MatterState.SETTLED: _("The rest came: settled by itself"),
    MatterState.WAITING: _("Waits for your decision"),
}


def policy_name(case: MoneyCase, policy: MoneyPolicy) -> Text:
    """What a choice does in this case."""
    return _DELIVERED[case] if policy is MoneyPolicy.DELIVER else _POLICIES[policy]


def outcome(case: MoneyCase, state: str) -> Text:
    """What became of it."""
    if state == MatterState.DELIVERED:
        return _("The money was kept") if case in _KEEPS else _("What was bought was delivered")
    return _STATES[state]
