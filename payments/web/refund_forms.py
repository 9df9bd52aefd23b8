"""Forms about money that goes back, and about what is done with money that is not as expected."""

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.models.rules import LONGEST_GRACE_HOURS
from payments.web.matter_words import policy_name


class RefundForm(forms.Form):
    """How much goes back, and why. `left`: how much there was to give back when the page was shown."""

    left = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    amount = forms.CharField(
        label=_("How much goes back"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Why"), max_length=300, required=False, help_text=_("Only your team reads it. It stays with the sale.")
    )
    by_hand = forms.BooleanField(
        label=_("I send it myself, by bank"),
        required=False,
        help_text=_("Nothing is asked of the gateway. You say here when it has been sent."),
    )


def _choices(case: MoneyCase) -> list[tuple[str, object]]:
    return [(policy.value, policy_name(case, policy)) for policy in MoneyPolicy]


class RulesForm(forms.Form):
    """One rule for each case, and how long access outlives its money."""

    late = forms.ChoiceField(label=_("Paid after the code had ended"), choices=_choices(MoneyCase.LATE))
    double = forms.ChoiceField(
        label=_("Paid twice"),
        choices=_choices(MoneyCase.DOUBLE),
        help_text=_("The first payment is always served. This is about the second."),
    )
    smaller = forms.ChoiceField(
        label=_("Paid less than asked"),
        choices=_choices(MoneyCase.SMALLER),
        help_text=_("Only “Deliver all the same” gives the access for less."),
    )
    larger = forms.ChoiceField(
        label=_("Paid more than asked"),
        choices=_choices(MoneyCase.LARGER),
        help_text=_("The sale is always served. This is about what is too much."),
    )
    refund_grace_hours = forms.IntegerField(
        label=_("Hours of access after a refund"),
        min_value=0,
        max_value=LONGEST_GRACE_HOURS,
        help_text=_("0: it ends at once. A refund of a part never ends it."),
    )
    dispute_grace_hours = forms.IntegerField(
        label=_("Hours of access after a dispute"),
        min_value=0,
        max_value=LONGEST_GRACE_HOURS,
        help_text=_("If you win the dispute, the access comes back."),
    )

    @property
    def policies(self) -> dict[MoneyCase, MoneyPolicy]:
        return {case: MoneyPolicy(self.cleaned_data[case.value]) for case in MoneyCase}
