"""The form of the publish page: what changed, and what becomes of whoever waits at each step."""

from typing import Any

from django import forms
from django.db.models import TextChoices
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from flows.engine.events import Fate, StepChoice
from flows.services.publishing import Seen


class Action(TextChoices):
    """What may be chosen for a step."""

    FINISH = "finish", _("Finish on the version they are in")
    CARRY = Fate.CARRY.value, _("Go on in the new version where they are, without hearing the step again")
    MOVE = Fate.MOVE.value, _("Go to a step of the new version")
    END = Fate.END.value, _("End with a message")


class PublishForm(forms.Form):
    """`revision` and `number` say which draft and which newest version the page showed."""

    note = forms.CharField(
        label=_("What changed"),
        required=False,
        max_length=500,
        help_text=_("For your team: it stands in the list of versions."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    apply_texts = forms.BooleanField(required=False)
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    number = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @property
    def seen(self) -> Seen | None:
        """What the page showed; None where nobody looked."""
        revision = self.cleaned_data.get("revision")
        return Seen(revision, self.cleaned_data.get("number")) if revision is not None else None


class ChoiceForm(forms.Form):
    """One step's people."""

    step = forms.CharField(max_length=64, strip=False, widget=forms.HiddenInput)
    action = forms.ChoiceField(choices=Action.choices, initial=Action.FINISH)
    to_step = forms.CharField(required=False, max_length=64, strip=False)
    message = forms.CharField(required=False, max_length=4096, widget=forms.Textarea(attrs={"rows": 2}))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("action") == Action.MOVE and not given.get("to_step"):
            self.add_error("to_step", _("Choose where they go."))
        return given


ChoiceForms = formset_factory(ChoiceForm, extra=0, max_num=1_000, absolute_max=1_000)
PREFIX = "steps"


def choice_forms(sent: Any) -> "BaseFormSet[ChoiceForm]":
    """The choices as they were sent; a page of another hand need not name any."""
    given = sent if f"{PREFIX}-TOTAL_FORMS" in sent else {f"{PREFIX}-TOTAL_FORMS": "0", f"{PREFIX}-INITIAL_FORMS": "0"}
    return ChoiceForms(given, prefix=PREFIX)


def choices_in(sent: "BaseFormSet[ChoiceForm]") -> dict[str, StepChoice]:
    """What was chosen; to finish where one is, is no choice."""
    return {
        one["step"]: StepChoice(Fate(one["action"]), step_id=one["to_step"] or None, message=one["message"] or None)
        for one in (form.cleaned_data for form in sent)
        if one and one["action"] != Action.FINISH
    }
