"""Avisos: which member is told of what, by e-mail and by Telegram."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from bots.errors import DomainError, Text
from bots.models import NoticeKind
from bots.permissions import Permission
from bots.services import notices
from bots.services.notices import CODE_PREFIX, Recipient, Way
from bots.web.errors import tell
from bots.web.filters import chosen_uuid
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.settings_tabs import settings_tabs

ON = "on"


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind with the two boxes to tick."""

    kind: str
    label: Text
    by_email: bool
    by_telegram: bool


@member_page(Permission.MEMBER_VIEW, methods=("GET", "HEAD", "POST"))
def notice_settings(request: MemberRequest) -> HttpResponseBase:
    """One's own notices; who manages members also those of the others."""
    may_manage = allowed(request, Permission.MEMBER_MANAGE)
    everybody = notices.recipients()
    own = request.membership.pk
    wanted = chosen_uuid(request.GET.get("membro")) or own
    member = next((one for one in everybody if one.membership.pk == wanted), None)
    if member is None or (wanted != own and not may_manage):
        raise Http404
    if request.method == "POST":
        notices.choose(wanted, dict(_ticked(request)), actor=request.user)
        messages.success(request, _("Saved."))
        return redirect(_page_of(wanted, own))
    return _shown(request, member, everybody if may_manage else [])


@member_page(Permission.MEMBER_VIEW, methods=("POST",))
def send_test(request: MemberRequest) -> HttpResponseBase:
    """A notice to oneself, by every way one has."""
    if Way.TELEGRAM in notices.send_test(request.membership):
        messages.success(request, _("A test is on its way to your e-mail and to your Telegram."))
    else:
        messages.success(request, _("A test is on its way to your e-mail."))
    return redirect("notice_settings")


@member_page(Permission.MEMBER_VIEW, methods=("POST",))
def link_telegram(request: MemberRequest) -> HttpResponseBase:
    """A code for one's own Telegram; it is on this one answer and nowhere else."""
    bot_id = chosen_uuid(request.POST.get("bot"))
    bot = next((one for one in notices.linkable_bots() if one.pk == bot_id), None)
    if bot is None:
        messages.error(request, _("This bot does not answer on Telegram now. Choose another."))
        return redirect("notice_settings")
    try:
        code = notices.begin_link(request.membership, bot.pk)
    except DomainError as error:
        tell(request, error)
        return redirect("notice_settings")
    start = f"{CODE_PREFIX}{code}"
    link = {"bot": bot, "url": f"https://t.me/{bot.username}?start={start}", "command": f"/start {start}"}
    answer = _shown(request, notices.recipients([request.membership.pk])[0], [], link=link)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@member_page(Permission.MEMBER_VIEW, methods=("POST",))
def unlink_telegram(request: MemberRequest) -> HttpResponseBase:
    """No more notices on Telegram."""
    notices.end_link(request.membership, actor=request.user)
    messages.success(request, _("Telegram is not linked any more."))
    return redirect("notice_settings")


def _shown(
    request: MemberRequest, member: Recipient, everybody: list[Recipient], *, link: dict[str, object] | None = None
) -> HttpResponseBase:
    context = {
        "settings_tabs": settings_tabs(request),
        "member": member,
        "everybody": everybody,
        "is_own": member.membership.pk == request.membership.pk,
        "kinds": list(_rows(member)),
        "bots": notices.linkable_bots(),
        "link": link,
        "form_url": _page_of(member.membership.pk, request.membership.pk),
    }
    return render(request, "bots/notices.html", context)


def _rows(member: Recipient) -> Iterator[KindRow]:
    for kind in NoticeKind:
        yield KindRow(kind.value, kind.label, member.wants(kind, Way.EMAIL), member.wants(kind, Way.TELEGRAM))


def _ticked(request: MemberRequest) -> Iterator[tuple[NoticeKind, tuple[bool, bool]]]:
    for kind in NoticeKind:
        yield (
            kind,
            (
                request.POST.get(f"{kind.value}-{Way.EMAIL.value}") == ON,
                request.POST.get(f"{kind.value}-{Way.TELEGRAM.value}") == ON,
            ),
        )


def _page_of(wanted: UUID, own: UUID) -> str:
    page = reverse("notice_settings")
    return page if wanted == own else f"{page}?membro={wanted}"
