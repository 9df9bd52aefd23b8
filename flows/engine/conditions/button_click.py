"""`button_click`: the button really pressed, its text compared whole."""

import unicodedata
from typing import ClassVar, Literal

from pydantic import Field

from flows.engine.conditions.base import ConditionBase, ConditionType, Occasion, Stimulus
from flows.engine.fields import NotBlank


def same_button(one: str, other: str) -> bool:
    """Whether two button texts are the same: whole, trimmed, case-insensitive. Never by substring."""
    return button_key(one) == button_key(other)


def button_key(text: str) -> str:
    """The form of a button's text that is compared."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


class ButtonClick(ConditionBase):
    """Matches the button that was pressed, by its whole text."""

    occasions: ClassVar[frozenset[Occasion]] = frozenset({Occasion.PRESS})

    type: Literal[ConditionType.BUTTON_CLICK] = ConditionType.BUTTON_CLICK
    button_text: NotBlank = Field(description="The text of a button of this step.")

    def _holds(self, stimulus: Stimulus) -> bool:
        return stimulus.button_text is not None and same_button(stimulus.button_text, self.button_text)
