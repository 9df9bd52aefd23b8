"""Settings of the organization: its clock, its members, keys for partners."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots import selectors, services
from bots.errors import DomainError
from bots.permissions import ApiScope, Permission
from bots.web.errors import put_on, tell
from bots.web.forms import DEFAULT_SCOPES, ApiKeyForm, OrganizationSettingsForm
from bots.web.member import MemberRequest, member_page
from bots.web.settings_tabs import settings_tabs


@member_page()
def index(request: MemberRequest) -> HttpResponseBase:
    """The first tab this member may see."""
    return redirect(settings_tabs(request)[0].url)


@member_page(Permission.ORGANIZATION_CHANGE, methods=("GET", "HEAD", "POST"))
def organization(request: MemberRequest) -> HttpResponseBase:
    """Name, time zone and quiet hours."""
    current = request.membership.organization
    fields = ("name", "time_zone", "quiet_from", "quiet_until")
    form = OrganizationSettingsForm(request.POST or None, initial={name: getattr(current, name) for name in fields})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_organization(request.membership, **{name: form.cleaned_data[name] for name in fields})
        except DomainError as error:
            put_on(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("organization_settings")
    context = {"form": form, "settings_tabs": settings_tabs(request)}
    return render(request, "bots/organization_settings.html", context)


@member_page(Permission.MEMBER_VIEW)
def members(request: MemberRequest) -> HttpResponseBase:
    """Who works here, as what."""
    context = {"members": selectors.members_of(), "settings_tabs": settings_tabs(request)}
    return render(request, "bots/members.html", context)


@member_page(Permission.API_KEY_MANAGE, methods=("GET", "HEAD", "POST"))
def api_keys(request: MemberRequest) -> HttpResponseBase:
    """Keys, and the making of one; its secret is on this one answer and nowhere else."""
    form = ApiKeyForm(request.POST or None, initial={"scopes": DEFAULT_SCOPES})
    context: dict[str, object] = {"settings_tabs": settings_tabs(request)}
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_api_key(
                organization=request.membership.organization,
                name=form.cleaned_data["name"],
                scopes=[ApiScope(scope) for scope in form.cleaned_data["scopes"]],
                actor=request.user,
            )
        except DomainError as error:
            put_on(form, error)
        else:
            context["new_key"] = {"name": form.cleaned_data["name"], "secret": made.secret}
            form = ApiKeyForm(initial={"scopes": DEFAULT_SCOPES})
    context |= {"form": form, "keys": selectors.api_keys_of()}
    answer = render(request, "bots/api_keys.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@member_page(Permission.API_KEY_MANAGE, methods=("POST",))
def revoke_key(request: MemberRequest, key_id: UUID) -> HttpResponseBase:
    """The key opens nothing from here on."""
    try:
        services.revoke_api_key(key_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("The key is revoked. What it made stays."))
    return redirect("api_key_list")
