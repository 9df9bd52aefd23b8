"""What differs between two definitions, in words, and whether people inside would notice more than words."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from flows.engine.definition import STEP_MODELS, FlowDocument
from flows.engine.difference import Change, Difference, FieldChange, difference
from flows.engine.difference_words import FIELD_WORDS, path_words
from flows.engine.fields import Part
from tests.support.flows import Document, a_condition, a_flow, a_payment, a_question, an_access, buttons, sales_flow
from tests.support.json_values import json_values
from tests.support.random_flows import documents

STARTERS = [
    path
    for path in sorted((Path(__file__).parents[3] / "flows" / "starters").glob("*.json"))
    if ".tests." not in path.name
]


def changed(change: Callable[[Document], Any], document: Document | None = None) -> Difference:
    """What a change of the sales flow comes to."""
    before = document or sales_flow()
    after = copy.deepcopy(before)
    change({step["id"]: step for step in after["flow_steps"]} | {"": after})
    return difference(before, after)


def told(found: Difference) -> dict[str, list[tuple[str, str, object, object]]]:
    """By step: what happened to which field, in English."""
    return {
        step.step_id: [(one.kind, path_words(one.path, "en"), one.before, one.after) for one in step.fields]
        for step in found.steps
    }


def test_the_same_definition_has_no_difference() -> None:
    assert STARTERS
    for path in STARTERS:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = difference(document, copy.deepcopy(document))
        assert (found.is_empty, found.texts_only, found.rearranged) == (True, False, ())


def test_two_spellings_of_the_same_are_the_same() -> None:
    def spell_out(steps: Document) -> None:
        steps["menu"]["connections"] = {"next": None, "pending": None, "retry": None}
        steps["menu"]["config"]["per_row"] = 1
        steps["pay"]["config"]["currency"] = "BRL"
        steps[""]["on_start"] = "restart"
        steps[""]["redirect_buttons"] = []

    assert changed(spell_out).is_empty


def test_a_step_that_only_stands_elsewhere_is_named_and_changes_nothing() -> None:
    found = changed(lambda steps: steps["pay"].update(position={"x": 9, "y": 9}))
    assert (found.is_empty, found.rearranged) == (True, ("pay",))


def test_steps_that_came_and_went_are_told_with_what_they_say() -> None:
    def change(steps: Document) -> None:
        document = steps[""]
        document["flow_steps"] = [step for step in document["flow_steps"] if step["id"] != "help"]
        document["flow_steps"].append(a_question("name", "Qual é o seu nome?", next="bye"))

    found = changed(change)
    assert [(step.step_id, step.kind, step.type) for step in found.steps] == [
        ("name", Change.ADDED, "question"),
        ("help", Change.REMOVED, "access"),
    ]
    assert told(found) == {
        "name": [
            ("added", "Way out · Next", None, "bye"),
            ("added", "Text", None, "Qual é o seu nome?"),
        ],
        "help": [("removed", "Text", "Nossa equipe vai falar com você.", None)],
    }


def test_fields_connections_conditions_and_buttons_are_told_one_by_one() -> None:
    def change(steps: Document) -> None:
        steps["pay"]["config"]["amount"] = "19.90"
        steps["pay"]["connections"]["pending"] = "bye"
        del steps["pay"]["config"]["pending_minutes"]
        steps["ask_email"]["conditions"][0]["max_attempts"] = 5
        steps["ask_email"]["conditions"].append(a_condition("time_elapsed", "bye", minutes=30))
        steps["menu"]["config"]["custom_buttons"].insert(0, {"text": "Quero ajuda", "target_step": "help"})

    assert told(changed(change)) == {
        "menu": [("added", "Button 1", None, {"text": "Quero ajuda", "target_step": "help"})],
        "ask_email": [
            ("changed", "Condition 1 · Attempts", 3, 5),
            ("added", "Condition 2", None, {"type": "time_elapsed", "target_step": "bye", "minutes": 30.0}),
        ],
        "pay": [
            ("changed", "Way out · Still unpaid", "remind", "bye"),
            ("changed", "Amount", "29.90", "19.90"),
            ("removed", "Minutes until “still unpaid”", 15.0, None),
        ],
    }


def test_what_the_flow_says_of_itself_and_of_its_bot_is_apart() -> None:
    def change(steps: Document) -> None:
        steps[""] |= {
            "flow_start_step_id": "pay",
            "triggers": [{"command": "menu", "target_step": "menu"}],
            "welcome_message": "Oi!",
            "main_buttons": [{"text": "VIP", "price": "10"}],
            "flow_enabled": False,
        }

    found = changed(change)
    assert [(path_words(one.path), one.before, one.after) for one in found.settings] == [
        ("Primeiro passo", "menu", "pay"),
        ("Comando 1", None, {"command": "menu", "target_step": "menu"}),
    ]
    assert [(path_words(one.path), one.before, one.after) for one in found.bot] == [
        ("Boas-vindas", "Olá {{first_name}}!", "Oi!"),
        ("Botão principal 1", None, {"text": "VIP", "price": "10"}),
    ]
    assert (found.steps, found.texts_only) == ((), False)


# Words alone


def reword_everything(steps: Document) -> None:
    steps["menu"]["config"]["text"] = "Oi!"
    steps["menu"]["config"]["custom_buttons"][0]["text"] = "Entrar"
    steps["menu"]["conditions"][0]["button_text"] = "  entrar "
    steps["ask_email"]["config"]["retry_text"] = "Tente de novo."
    steps["pay"]["config"]["description"] = "VIP"
    steps["pay"]["config"]["deliver"]["text"] = "Pago!"
    steps["vip"]["config"]["text"] = "Bem-vindo!"


def test_words_alone_are_known_with_the_buttons_that_conditions_name() -> None:
    found = changed(reword_everything)
    assert {step.step_id: step.texts_only for step in found.steps} == dict.fromkeys(
        ("menu", "ask_email", "pay", "vip"), True
    )
    assert found.texts_only


@pytest.mark.parametrize(
    "change",
    [
        lambda steps: steps["menu"]["conditions"][0].update(target_step="bye"),
        lambda steps: steps["menu"]["conditions"][0].update(button_text="Só olhando"),
        lambda steps: steps["menu"]["config"]["custom_buttons"][0].update(price="10"),
        lambda steps: steps["menu"]["config"]["custom_buttons"].reverse(),
        lambda steps: steps["menu"]["config"]["custom_buttons"].append({"text": "Mais", "target_step": "bye"}),
        lambda steps: steps["menu"]["config"].update(stale_press="follow"),
        lambda steps: steps["ask_email"]["config"].update(save_as="mail"),
        lambda steps: steps["ask_email"]["conditions"][0].update(validation="phone"),
        lambda steps: steps["pay"]["config"].update(amount="10"),
        lambda steps: steps["pay"]["config"]["deliver"].update(link="https://example.com/other"),
        lambda steps: steps["pay"]["connections"].update(next="bye"),
        lambda steps: steps["vip"].update(type="deliver", connections={"next": "bye"}),
        lambda steps: steps[""]["flow_steps"].pop(),
        lambda steps: steps[""].update(flow_start_step_id="pay"),
    ],
)
def test_anything_else_is_more_than_words(change: Callable[[Document], Any]) -> None:
    def change_both(steps: dict[str, Document]) -> None:
        reword_everything(steps)
        change(steps)

    found = changed(change_both)
    assert not found.is_empty
    assert not found.texts_only


def test_buttons_that_change_their_texts_among_themselves_are_more_than_words() -> None:
    before = a_flow([buttons("menu", "Sim", "Não", next="end"), an_access("end")])
    after = a_flow([buttons("menu", "Não", "Sim", next="end"), an_access("end")])
    assert not difference(before, after).texts_only


def test_the_bots_own_texts_are_no_concern_of_whoever_is_inside() -> None:
    def change_both(steps: dict[str, Document]) -> None:
        reword_everything(steps)
        steps[""].update(welcome_message="Oi!")

    found = changed(change_both)
    assert found.texts_only


# Anything may stand in a draft


@given(json_values(), json_values())
def test_any_two_values_have_a_difference(before: Any, after: Any) -> None:
    found = difference(before, after)
    assert all(isinstance(path_words(one.path), str) for one in (*found.settings, *found.bot))


@settings(max_examples=50)
@given(documents(), documents())
def test_a_difference_is_empty_only_between_equals(before: Document, after: Document) -> None:
    assert difference(before, before).is_empty
    there, back = difference(before, after), difference(after, before)
    assert there.is_empty is back.is_empty
    assert there.texts_only is back.texts_only


def test_steps_that_no_model_reads_are_compared_as_they_came() -> None:
    before = {"flow_steps": [{"id": "a", "type": "odd", "config": {"x": [1, {"y": 2}]}}, "rubbish", {"id": 5}]}
    after = copy.deepcopy(before)
    after["flow_steps"][0]["config"]["x"][1]["y"] = 3  # type: ignore[index]
    (step,) = difference(before, after).steps
    assert step.fields == (FieldChange(("config", "x", 1, "y"), Change.CHANGED, 2, 3),)


def test_a_list_of_any_length_is_compared_in_time() -> None:
    before = a_flow([buttons("menu", *(f"b{n}" for n in range(3_000)))])
    after = a_flow([buttons("menu", *(f"c{n}" for n in range(3_000)))])
    (step,) = difference(before, after).steps
    assert len(step.fields) == 3_000


def test_every_field_of_a_definition_has_its_words() -> None:
    def fields_below(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
        if model in seen:
            return set()
        seen.add(model)
        inner = {part for one in model.model_fields.values() for part in parts_in(one.annotation)}
        return set(model.model_fields).union(*(fields_below(part, seen) for part in inner))

    def parts_in(annotation: Any) -> set[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, Part):
            return {annotation}
        return {part for argument in getattr(annotation, "__args__", ()) for part in parts_in(argument)}

    seen: set[type[BaseModel]] = set()
    models: list[type[BaseModel]] = [FlowDocument, *STEP_MODELS.values()]
    names = set().union(*(fields_below(model, seen) for model in models))
    silent = {"config", "spec_version", "flow_enabled", "flow_steps"}
    assert names - FIELD_WORDS.keys() - silent == set()


def test_a_place_is_told_from_the_outside_in() -> None:
    assert path_words(("config", "custom_buttons", 0, "bump", "price")) == "Botão 1 · Oferta extra · Preço"
    assert path_words(("connections", "next"), "en") == "Way out · Next"
    assert path_words(("of_the_future", 2)) == "of_the_future 3"


def test_a_payment_that_charges_less_is_told_by_its_amount() -> None:
    before = a_flow([a_payment("pay", "29.90", next="vip"), an_access("vip")])
    after = a_flow([a_payment("pay", "9.90", next="vip"), an_access("vip")])
    assert told(difference(before, after)) == {"pay": [("changed", "Amount", "29.90", "9.90")]}
