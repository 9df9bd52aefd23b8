"""What a run and its contact remember: scopes, types, caps, and what may decide a price."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from flows.engine import limits
from flows.engine.effects import SetContact
from flows.engine.events import Answered, AnswerKind
from flows.engine.state import Facts
from tests.support.conversation import FACTS, Talk
from tests.support.flows import a_branch, a_condition, a_message, a_payment, a_question, a_set, an_access

END = an_access("end", "Fim")


def knowing(*tags: str, grants: tuple[str, ...] = (), **variables: Any) -> Facts:
    """Facts of a contact of whom this is known."""
    contact = replace(FACTS.contact, variables=variables, tags=tags, grants=grants)
    return replace(FACTS, contact=contact)


def with_variables(variables: Mapping[str, object]) -> Facts:
    return replace(FACTS, contact=replace(FACTS.contact, variables=variables))


def noting(facts: Facts = FACTS, **config: Any) -> Talk:
    """A run that notes this and then asks something."""
    return Talk(a_set("note", next="ask", **config), a_question("ask", "Oi", next="end"), END, facts=facts).begin()


def assign(**values: object) -> list[dict[str, object]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_an_answer_is_the_runs_or_the_contacts_by_its_name() -> None:
    talk = Talk(
        a_question("q", config={"save_as": "nome"}, next="p"),
        a_question("p", config={"save_as": "contact.cidade"}, next="say"),
        a_message("say", "{{nome}} de {{contact.cidade}}, {{cidade}}", next="end"),
        END,
    ).begin()
    talk.write("Bia").write("Natal")
    assert talk.state.variables == {"nome": "Bia"}
    assert talk.of(SetContact) == [SetContact({"cidade": "Natal"})]
    assert talk.said[0] == "Bia de Natal, "


def test_the_contacts_variables_need_their_scope_named() -> None:
    facts = knowing(cidade="Natal")
    talk = Talk(a_message("say", "{{cidade}}|{{contact.cidade}}", next="end"), END, facts=facts).begin()
    assert talk.said[0] == "|Natal"
    assert talk.problems == ["unknown_variable"]


@pytest.mark.parametrize("value", ["texto", "", True, False, 0, -7, 2.5, 2**63 - 1])
def test_a_value_keeps_its_type_also_when_it_is_copied(value: object) -> None:
    talk = noting(assign=[*assign(a=value, b="{{a}}", c=" {{ a }} ")])
    assert [talk.state.variables[name] for name in "abc"] == [value] * 3
    assert [type(talk.state.variables[name]) for name in "abc"] == [type(value)] * 3


def test_a_copy_of_nothing_is_nothing_and_told() -> None:
    talk = noting(assign=assign(a=1, b="{{nobody}}", c="x{{nobody}}"))
    assert talk.state.variables == {"a": 1, "c": "x"}
    assert talk.problems == ["unknown_variable"]


def test_what_is_written_and_cleared_in_one_step_is_gone() -> None:
    facts = knowing(velho=1, fica=2)
    talk = noting(facts, assign=[*assign(a=1), {"name": "contact.novo", "value": 3}], clear=["a", "contact.velho", "x"])
    assert talk.state.variables == {}
    assert talk.of(SetContact) == [SetContact({"novo": 3}), SetContact(cleared=("velho",))]
    assert talk.state.facts.contact.variables == {"fica": 2, "novo": 3}


def test_tags_are_added_and_removed_each_once_and_clean() -> None:
    facts = knowing("novo", "vip")
    talk = noting(facts, add_tags=["vip", " Olá  ", "{{first_name}}", "Olá", "x"], remove_tags=["novo", "x", "nunca"])
    assert talk.of(SetContact) == [SetContact(add_tags=("Olá", "Ana <3"), remove_tags=("novo",))]
    assert talk.state.facts.contact.tags == ("vip", "Olá", "Ana <3")


def test_what_changes_nothing_asks_for_nothing() -> None:
    facts = knowing("vip", a=1)
    talk = noting(facts, assign=[{"name": "contact.a", "value": 1}], add_tags=["vip"], clear=["contact.b"])
    assert talk.of(SetContact) == []


def test_a_later_step_of_the_walk_sees_what_was_noted() -> None:
    talk = Talk(
        a_set("note", assign=[{"name": "contact.n", "value": 3}], add_tags=["vip"], next="fork"),
        a_branch(
            "fork",
            a_condition("variable", "both", name="contact.n", op="gt", value=2, order=2),
            a_condition("variable", "end", name="tags", op="contains", value="bloqueado", order=1),
            next="end",
        ),
        a_message("both", "{{contact.n}}", next="end"),
        END,
    ).begin()
    assert talk.said[0] == "3"


@pytest.mark.parametrize(
    ("op", "value", "leads"), [("contains", "vip_30", "in"), ("contains", "outro", "out"), ("exists", None, "in")]
)
def test_open_accesses_count_as_variables(op: str, value: str | None, leads: str) -> None:
    condition = a_condition("variable", "in", name="grants", op=op, value=value)
    steps = [a_branch("fork", condition, next="out"), a_question("in"), a_question("out")]
    assert Talk(*steps, facts=knowing(grants=("-100", "vip_30"))).begin().at == leads
    assert Talk(*steps, facts=knowing()).begin().at == "out"


# Caps


def test_a_text_too_long_is_cut_with_a_problem() -> None:
    talk = Talk(a_question("q", config={"save_as": "x"}, next="q2"), a_question("q2"), END).begin()
    talk.write("a" * (limits.MAX_VARIABLE_TEXT + 1))
    assert talk.state.variables == {"x": "a" * limits.MAX_VARIABLE_TEXT}
    assert (talk.problems, talk.at) == (["variable_too_long"], "q2")


def test_a_run_holds_so_many_variables_and_the_next_is_left_out() -> None:
    full = [{"name": f"v{number}", "value": number} for number in range(limits.MAX_VARIABLES)]
    talk = Talk(
        a_set("fill", assign=full, next="more"),
        a_set("more", assign=assign(one_more=1, v0="changed"), next="ask"),
        a_question("ask"),
    ).begin()
    assert len(talk.state.variables) == limits.MAX_VARIABLES
    assert talk.state.variables["v0"] == "changed"
    assert (talk.problems, talk.at) == (["too_many_variables"], "ask")


def test_a_contact_holds_as_many_of_its_own() -> None:
    facts = with_variables({f"v{number}": number for number in range(limits.MAX_VARIABLES)})
    talk = noting(facts, assign=[{"name": "contact.one_more", "value": 1}, {"name": "contact.v1", "value": "x"}])
    assert talk.of(SetContact) == [SetContact({"v1": "x"})]
    assert (talk.problems, talk.at) == (["too_many_variables"], "ask")


def test_all_texts_of_a_scope_together_are_capped() -> None:
    pieces = limits.MAX_VARIABLES_TEXT // limits.MAX_VARIABLE_TEXT
    full = {f"v{number}": "a" * limits.MAX_VARIABLE_TEXT for number in range(pieces)}
    talk = noting(
        with_variables(full), assign=[{"name": "contact.x", "value": "b"}, {"name": "contact.v0", "value": "b"}]
    )
    assert talk.of(SetContact) == [SetContact({"v0": "b"})]
    assert talk.problems == ["variables_too_large"]


def test_a_contact_bears_so_many_tags() -> None:
    facts = knowing(*(f"t{number}" for number in range(limits.MAX_TAGS)))
    talk = noting(facts, add_tags=["one_more"])
    assert (talk.of(SetContact), talk.problems) == ([], ["too_many_tags"])
    assert noting(facts, add_tags=["one_more"], remove_tags=["t0"]).of(SetContact) == [
        SetContact(add_tags=("one_more",), remove_tags=("t0",))
    ]


def test_a_tag_made_of_what_somebody_wrote_is_cut_and_never_empty() -> None:
    talk = Talk(
        a_question("q", config={"save_as": "x"}, next="note"),
        a_set("note", add_tags=["{{x}}", "{{nobody}}"], next="end"),
        END,
    ).begin()
    talk.write("é" * 70)
    assert talk.of(SetContact) == [SetContact(add_tags=("é" * 64,))]
    assert talk.problems == ["tag_too_long", "unknown_variable", "empty_tag"]


@pytest.mark.parametrize("name", ["first_name", "payment.amount", "payment.x", "tags", "grants", "contact", "now"])
def test_a_name_that_means_something_of_its_own_is_not_written_in_old_data_either(name: str) -> None:
    talk = noting(assign=[{"name": name, "value": "x"}])
    assert (talk.state.variables, talk.of(SetContact), talk.problems) == ({}, [], ["reserved_variable"])


# Prices


def charged(talk: Talk) -> int:
    return next(iter(talk.state.visits.values())).amount_minor


def test_a_fixed_value_may_decide_a_price() -> None:
    talk = Talk(
        a_set("note", assign=assign(reais=9, preco="{{reais}}.90"), next="pay"),
        a_payment("pay", "{{preco}}", next="end"),
    ).begin()
    assert charged(talk) == 990


def test_a_price_never_uses_what_a_contact_wrote_even_where_nobody_checked_the_flow() -> None:
    talk = Talk(
        a_set("note", assign=assign(preco="99.90"), next="q"),
        a_question("q", config={"save_as": "preco"}, next="copy"),
        a_set("copy", assign=assign(outro="{{preco}}"), next="pay"),
        a_payment("pay", "{{outro}}", next="end", pending="end"),
        END,
        main_buttons=[{"text": "VIP", "price": "29.90"}],
    ).begin()
    talk.write("0.01")
    assert charged(talk) == 2990
    assert talk.problems == ["no_positive_amount", "amount_of_first_main_button"]
    assert talk.state.trusted == ()


def test_a_price_never_uses_the_contacts_own_scope() -> None:
    talk = Talk(
        a_payment("pay", "{{contact.preco}}", next="end", pending="end"),
        END,
        facts=knowing(preco="0.01"),
        main_buttons=[{"text": "VIP", "price": "29.90"}],
    ).begin()
    assert charged(talk) == 2990


# Answers of other kinds


@pytest.mark.parametrize(
    ("kind", "text", "data", "kept"),
    [
        (AnswerKind.CONTACT, "5511987654321", {"phone_number": "5511987654321", "own": True}, "+5511987654321"),
        (AnswerKind.CONTACT, "+5511987654321", {"phone_number": "+5511987654321", "own": True}, "+5511987654321"),
        (AnswerKind.LOCATION, "-23.5,-46.6", {"latitude": -23.5, "longitude": -46.6}, "-23.5,-46.6"),
        (AnswerKind.PHOTO, "legenda", {"file_id": "P"}, "P"),
        (AnswerKind.DOCUMENT, "", {"file_id": "D", "file_name": "a.pdf"}, "D"),
        (AnswerKind.VOICE, "", {"file_id": "V"}, "V"),
        (AnswerKind.AUDIO, "", {"file_id": "A"}, "A"),
        (AnswerKind.VIDEO, "", {"file_id": "F"}, "F"),
    ],
)
def test_each_kind_of_answer_is_kept_in_one_form(
    kind: AnswerKind, text: str, data: dict[str, object], kept: str
) -> None:
    talk = Talk(a_question("q", config={"save_as": "x", "accepts": [kind]}, next="end"), END).begin()
    talk.send(Answered(kind, text, 9, data))
    assert talk.state.variables == {"x": kept}


@pytest.mark.parametrize("own", [False, None, "true", 1])
def test_somebody_elses_card_proves_no_number(own: object) -> None:
    talk = Talk(a_question("q", config={"save_as": "x", "accepts": ["contact"]}, next="end"), END).begin()
    talk.send(Answered(AnswerKind.CONTACT, "11999", 9, {"phone_number": "11999", "own": own}))
    assert (talk.at, talk.state.variables) == ("q", {})
