"""The saved test conversations of a flow, played on a definition."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from flows.engine.compile import VersionKind, compile_flow
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding, Problem, in_words
from flows.engine.state import ContactFacts
from flows.engine.testing.parse import parse_test
from flows.engine.testing.play import play
from flows.engine.testing.report import Report, unreadable
from flows.models import ConversationTest, Flow
from flows.models.flow import language
from flows.runtime.snapshots import bot_snapshots

# A played version is nobody's: buttons only have to agree with themselves.
_PLAYED: Final = UUID(int=0xF << 64)


@dataclass(frozen=True, slots=True)
class Played:
    """A saved test and what it showed."""

    test: ConversationTest
    report: Report


def play_tests(
    tests: Sequence[ConversationTest], flow: Flow, definition: Mapping[str, Any], embedded: object = None
) -> list[Played]:
    """Plays them in memory on this definition with these subflows, as the flow's bot would; writes nothing."""
    if not tests:
        return []
    bots, _now = bot_snapshots([flow.bot_id])
    bot = bots[flow.bot_id]
    compiled = compile_flow(_PLAYED, definition, kind=VersionKind.TEST, embedded=embedded)
    played = []
    for test in tests:
        parsed = parse_test(test.document, locale=language())
        if parsed.test is None:
            played.append(Played(test, unreadable(test.name, parsed.problems)))
            continue
        facts = bot.engine_facts(ContactFacts(), parsed.test.locale or bot.locale)
        played.append(Played(test, play(compiled, parsed.test, facts=facts, locale=language())))
    return played


def tests_of(flow: Flow) -> list[ConversationTest]:
    """A flow's saved tests, oldest first."""
    return list(ConversationTest.objects.filter(flow=flow))


def note_results(played: Iterable[Played]) -> None:
    """Keeps what each test showed as its last result."""
    now, changed = timezone.now(), []
    for one in played:
        one.test.last_ok, one.test.last_report, one.test.last_played_at = one.report.ok, one.report.as_dict(), now
        changed.append(one.test)
    ConversationTest.objects.bulk_update(changed, ["last_ok", "last_report", "last_played_at"])


def problems_of_tests(played: Iterable[Played]) -> tuple[Problem, ...]:
    """One problem for each test that is red: its name and its first difference."""
    return tuple(
        in_words(
            Finding(
                Code.CONVERSATION_TEST_FAILED,
                None,
                f"tests.{one.test.name}",
                {
                    "name": one.test.name,
                    "place": difference.place + 1,
                    "expected": difference.expected,
                    "came": difference.came,
                },
            ),
            language(),
        )
        for one in played
        if (difference := one.report.first_difference) is not None
    )


def play_at_publication(flow: Flow, definition: Mapping[str, Any], embedded: object) -> tuple[Problem, ...]:
    """Plays every saved test of the flow on what is about to be published; keeps the results (which go with a refused
    publication's transaction) and answers a problem for each that is red."""
    played = play_tests(tests_of(flow), flow, definition, embedded)
    if played:
        note_results(played)
    return problems_of_tests(played)
