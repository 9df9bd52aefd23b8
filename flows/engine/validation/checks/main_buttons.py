"""A priced main button gives something."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document


@check
def main_buttons(subject: Subject) -> Iterator[Finding]:
    for index, button in enumerate(subject.document.main_buttons):
        if button.price is not None and button.access is None:
            yield on_document(Code.MAIN_BUTTON_WITHOUT_ACCESS, f"main_buttons.{index}.access", text=button.text)
