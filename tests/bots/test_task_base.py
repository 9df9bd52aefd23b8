"""The base of tasks."""

import pytest
from celery import shared_task

from bots.ids import uuid7
from bots.task_base import ScopedTask
from bots.tenancy import Scope, ScopeKind, current_scope

pytestmark = pytest.mark.django_db


@shared_task(base=ScopedTask, name="tests.look")
def look(number: int) -> tuple[int, Scope | None]:
    return number, current_scope()


def test_works_without_a_scope_unless_given_an_organization() -> None:
    organization_id = uuid7()
    assert look(1) == (1, None)
    assert look(2, organization_id=str(organization_id)) == (2, Scope(ScopeKind.ORGANIZATION, organization_id))
    assert current_scope() is None


def test_a_bell_is_no_work_to_be_kept() -> None:
    assert (look.ignore_result, look.acks_late) == (True, False)
