"""What the kernel does of the outbox: notices for the team, spread to whoever wants them, and sent by e-mail."""

import smtplib
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from bots.crashpoints import crash_point, register
from bots.models import Membership
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, RetryAt, handler
from bots.services import notices
from bots.tenancy import scoped_transaction
from bots.topics import NOTICE_EMAIL, NOTICE_RAISED

SPREAD = register("notices.spread")
BEFORE_MAIL = register("notices.before_mail")
MAILED = register("notices.mailed")

# An answer of the mail server that says "never".
_PERMANENT = range(500, 600)


@handler(NOTICE_RAISED)
def handle_notice_raised(claim: Claim) -> Outcome:
    """Publish one message for each member and way that wants it, as they choose by now."""
    count = notices.spread(claim.id, claim.payload)
    crash_point(SPREAD)
    return Done({"messages": count})


@handler(NOTICE_EMAIL, deadline=14.0)
def handle_notice_email(claim: Claim) -> Outcome:
    """Send one member one notice. At least once: after a lost worker the same message may come twice, by one id."""
    with scoped_transaction():
        members = Membership.objects.select_related("user", "organization")
        member = members.filter(pk=UUID(str(claim.payload["membership_id"])), user__is_active=True).first()
    if member is None:
        return Cancelled("the member has left")
    mail = _mail(claim, member)
    crash_point(BEFORE_MAIL)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused:
        return Dead("the mail server takes nothing for this address", "recipient_refused")
    except smtplib.SMTPResponseException as error:
        if error.smtp_code in _PERMANENT:
            return Dead(f"the mail server answered {error.smtp_code}", "mail_refused")
        return RetryAt(None, f"the mail server answered {error.smtp_code}")
    except OSError as error:
        return RetryAt(None, f"no mail server ({type(error).__name__})")
    crash_point(MAILED)
    return Done()


def _mail(claim: Claim, member: Membership) -> EmailMultiAlternatives:
    told = notices.told_to(member, claim.payload)
    context = {"told": told, "member": member, "organization": member.organization, "site": settings.SITE_URL}
    with translation.override(member.user.locale):
        text = render_to_string("emails/notice.txt", context)
        html = render_to_string("emails/notice.html", context)
    mail = EmailMultiAlternatives(
        subject=" ".join(f"{told.title} · {member.organization.name}".split())[:180],
        body=text,
        to=[member.user.email],
        headers={"Message-ID": f"<notice-{claim.id}@trilho>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(html, "text/html")
    return mail
