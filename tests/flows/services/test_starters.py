"""What a new flow may begin as: without a problem, with test conversations that are green and can go red."""

import copy
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from bots.tenancy import organization_scope
from flows.engine.catalogue import CatalogueFacts, GatewayAccountFacts
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.graph import edges_of
from flows.engine.parse import parse_strict
from flows.engine.testing.parse import parse_test
from flows.engine.testing.play import play
from flows.engine.testing.report import Report
from flows.engine.validation import validate
from flows.models import ConversationTest
from flows.services.publishing import publish_version
from flows.services.starters import (
    FOLDER,
    STARTERS,
    StarterCode,
    create_from_starter,
    starter_definition,
    starter_tests,
)
from tests.factories.flows import make_bot

WITH_SANDBOX = CatalogueFacts(gateway_accounts={"sandbox": GatewayAccountFacts("sandbox")}, default_account="sandbox")
SELLING = [StarterCode.VIP_GROUP, StarterCode.EBOOK, StarterCode.QUALIFIED_LEAD]
LOCALES = ["pt-br", "en"]
CASES = [(code, locale) for code in SELLING for locale in LOCALES]
TESTS = [
    pytest.param(code, locale, test, id=f"{code}-{locale}-{test['name']}")
    for code, locale in CASES
    for test in starter_tests(code, locale)
]


def played(definition: dict[str, Any], test: dict[str, Any]) -> Report:
    parsed = parse_test(test)
    assert parsed.test is not None, parsed.problems
    return play(compile_flow(UUID(int=1), definition, kind=VersionKind.PUBLISHED), parsed.test)


def broken_at_each_way(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The definition with one of its ways led astray, each in turn."""
    document = parse_strict(definition).document
    assert document is not None
    places = {step.id: place for place, step in enumerate(document.flow_steps)}
    for step in document.flow_steps:
        for edge in edges_of(step):
            for other in (document.flow_steps[-1].id, document.flow_start_step_id):
                if other == edge.target:
                    continue
                broken = copy.deepcopy(definition)
                part: Any = broken["flow_steps"][places[step.id]]
                *path, last = edge.field.split(".")
                for name in path:
                    part = part[int(name)] if isinstance(part, list) else part[name]
                part[last] = other
                yield broken
                break


@pytest.mark.parametrize(("code", "locale"), CASES)
def test_has_no_problem_but_the_word_on_stars(code: StarterCode, locale: str) -> None:
    codes = {problem.code for problem in validate(starter_definition(code, locale), WITH_SANDBOX)}
    assert codes <= {"pix_without_stars"}


def test_the_blank_one_has_none_at_all() -> None:
    assert validate(starter_definition(StarterCode.BLANK), WITH_SANDBOX) == ()
    assert starter_tests(StarterCode.BLANK) == []


@pytest.mark.parametrize(("code", "locale", "test"), TESTS)
def test_each_conversation_is_green(code: StarterCode, locale: str, test: dict[str, Any]) -> None:
    assert played(starter_definition(code, locale), test).first_difference is None


@pytest.mark.parametrize(("code", "locale", "test"), TESTS)
def test_each_conversation_goes_red_when_a_way_it_takes_is_broken(
    code: StarterCode, locale: str, test: dict[str, Any]
) -> None:
    reds = [played(broken, test).ok for broken in broken_at_each_way(starter_definition(code, locale))].count(False)
    assert reds >= 2


@pytest.mark.parametrize(("code", "locale"), CASES)
def test_between_them_they_see_most_ways_that_carry_a_sale_broken(code: StarterCode, locale: str) -> None:
    tests = starter_tests(code, locale)
    broken = list(broken_at_each_way(starter_definition(code, locale)))
    seen = [one for one in broken if not all(played(one, test).ok for test in tests)]
    assert len(seen) >= 10


@pytest.mark.parametrize("code", [StarterCode.VIP_GROUP, StarterCode.EBOOK])
def test_money_without_its_delivery_is_seen(code: StarterCode) -> None:
    definition = starter_definition(code, "pt-br")
    for step in definition["flow_steps"]:
        step["config"] = {name: value for name, value in step.get("config", {}).items() if name != "deliver"}
        if step["type"] == "deliver":
            step["type"], step["config"] = "set", {"add_tags": ["x"]}
    paying = [test for test in starter_tests(code, "pt-br") if {"type": "payment", "outcome": "paid"} in test["steps"]]
    assert len(paying) == 3
    assert [played(definition, test).ok for test in paying] == [False, False, False]


def test_whoever_ignores_the_second_offer_keeps_the_first() -> None:
    steps = {step["id"]: step for step in starter_definition(StarterCode.EBOOK, "pt-br")["flow_steps"]}
    assert steps["entrega_ebook"]["type"] == "deliver"
    # Nothing on the way back leads through a payment: the delivery stands before the offer.
    assert steps["entrega_ebook"]["connections"]["next"] == "marcar_comprador"
    assert steps["marcar_comprador"]["connections"]["next"] == "espera_oferta"
    assert steps["espera_oferta"]["connections"]["next"] == "oferta_mentoria"


@pytest.mark.parametrize("code", SELLING)
def test_both_languages_are_the_same_flow(code: StarterCode) -> None:
    portuguese, english = (starter_definition(code, locale)["flow_steps"] for locale in LOCALES)
    assert [step["type"] for step in portuguese] == [step["type"] for step in english]
    assert [len(step.get("conditions", [])) for step in portuguese] == [
        len(step.get("conditions", [])) for step in english
    ]


def test_every_file_belongs_to_a_starter() -> None:
    names = {f"{code}{part}.{locale}.json" for code, locale in CASES for part in ("", ".tests")}
    assert {path.name for path in FOLDER.iterdir() if path.suffix == ".json"} == names


@pytest.mark.django_db
@pytest.mark.parametrize("code", list(StarterCode))
def test_a_flow_made_from_one_is_published_at_once(code: StarterCode) -> None:
    bot = make_bot(welcome_message="")
    with organization_scope(bot.organization_id):
        made = create_from_starter(code, bot_id=bot.pk, name="Novo", locale="pt-br")
        assert publish_version(made.flow.pk).number == 1
        assert ConversationTest.objects.filter(flow=made.flow).count() == len(starter_tests(code, "pt-br"))
    assert set(STARTERS) == set(StarterCode)
