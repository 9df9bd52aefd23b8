"""Which organization a member works for, and the first one of a new person."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bots import services
from bots.errors import DomainError
from bots.middleware import ORGANIZATION_SESSION_KEY
from bots.web.errors import put_on
from bots.web.filters import chosen_uuid
from bots.web.forms import OrganizationForm
from bots.web.member import organizations_of, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def organization_new(request: HttpRequest) -> HttpResponseBase:
    """Makes an organization that its maker owns, and works for it from here on."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organization = services.create_organization(name=form.cleaned_data["name"], owner=signed_in(request))
        except DomainError as error:
            put_on(form, error)
        else:
            request.session[ORGANIZATION_SESSION_KEY] = str(organization.pk)
            return redirect("today")
    return render(request, "bots/organization_new.html", {"form": form})


@require_http_methods(["POST"])
@login_required
def switch(request: HttpRequest) -> HttpResponseBase:
    """Works for another of the member's organizations from here on; one that is not theirs is not there."""
    wanted = chosen_uuid(request.POST.get("organization"))
    if wanted not in {organization.pk for organization in organizations_of(request)}:
        raise Http404
    request.session[ORGANIZATION_SESSION_KEY] = str(wanted)
    return redirect("today")
