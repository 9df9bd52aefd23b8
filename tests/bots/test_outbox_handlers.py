"""A notice by e-mail: what the mail server answers, and what becomes of the message."""

import smtplib

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from bots.models import Membership
from bots.outbox import relay
from bots.outbox.models import MessageState, OutboxMessage
from bots.services.notices import send_test
from bots.tenancy import organization_scope
from tests.factories.bots import make_membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Membership:
    return make_membership()


def sent(member: Membership) -> OutboxMessage:
    """A test notice after one attempt."""
    with organization_scope(member.organization_id), transaction.atomic():
        send_test(member)
    relay.run_once()
    return OutboxMessage.unscoped.get(topic="notice.email")


def answer_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_mail: EmailMultiAlternatives) -> int:
        raise error

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)


def test_a_mail_leaves_once_under_the_messages_own_id(member: Membership) -> None:
    message = sent(member)
    relay.run_once()
    assert message.state == MessageState.DONE
    (one,) = mail.outbox
    assert one.extra_headers["Message-ID"] == f"<notice-{message.pk}@trilho>"
    assert one.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPRecipientsRefused({}), MessageState.DEAD),
        (smtplib.SMTPDataError(554, b"spam"), MessageState.DEAD),
        (smtplib.SMTPDataError(451, b"later"), MessageState.NEW),
        (smtplib.SMTPServerDisconnected("gone"), MessageState.NEW),
        (ConnectionRefusedError(), MessageState.NEW),
        (TimeoutError(), MessageState.NEW),
    ],
)
def test_what_is_refused_for_good_ends_and_all_else_is_tried_again(
    member: Membership, monkeypatch: pytest.MonkeyPatch, error: Exception, state: MessageState
) -> None:
    answer_with(monkeypatch, error)
    message = sent(member)
    assert message.state == state
    assert message.attempts == 1
    assert member.user.email not in message.last_error


def test_somebody_who_may_not_sign_in_any_more_is_told_nothing(member: Membership) -> None:
    with organization_scope(member.organization_id), transaction.atomic():
        send_test(member)
    member.user.is_active = False
    member.user.save()
    relay.run_once()
    assert OutboxMessage.unscoped.get(topic="notice.email").state == MessageState.CANCELLED
    assert mail.outbox == []
