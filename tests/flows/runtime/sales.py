"""A sale with one charge, its money, and time that has passed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from flows.engine.events import PaymentChanged, PaymentStatus
from flows.models import Run
from tests.factories.flows import Person
from tests.support.flows import a_flow, a_payment, a_question, an_access


def a_sale() -> dict[str, object]:
    return a_flow(
        [
            a_payment("pay", next="ask", pending="later"),
            a_question("later", "Quer tentar depois?", next="bye"),
            a_question("ask", "Qual é o seu e-mail?", next="bye"),
            an_access("bye", "Seu acesso"),
        ]
    )


def paid(person: Person, run: Run, *, visit: int = 1, status: PaymentStatus = PaymentStatus.PAID) -> None:
    person.happen(
        PaymentChanged(visit, uuid4(), uuid4(), status, 2990, "BRL", datetime(2026, 3, 2, tzinfo=UTC)), run_id=run.pk
    )


def long_ago(person: Person) -> None:
    """The runs began before the ten seconds in which `/start` is absorbed."""
    for run in person.runs:
        run.state["started_at"] = (timezone.now() - timedelta(minutes=5)).isoformat()
        Run.unscoped.filter(pk=run.pk).update(state=run.state)
