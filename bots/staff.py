"""What every staff admin page is made of: reading by default, writing through services, an audit entry for each."""

from typing import Any

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from bots.errors import DomainError, Invalid
from bots.models import ActorKind, AuditEntry, Organization, User


class StaffAdmin(ModelAdmin):
    """An editable page; every change by staff is written down with what changed."""

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    warn_unsaved_form = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        note_act(request, obj, "change" if change else "add", fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note_act(request, obj, "delete")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


class ReadOnlyAdmin(StaffAdmin):
    """A page to look at: money, runs, versions and everything the system writes itself."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whether the buttons above a row are for this person, although nothing on the page can be edited."""
        return bool(super().has_change_permission(request))


def note_act(request: HttpRequest, row: models.Model, act: str, **data: Any) -> None:
    """Write what a member of staff did to a row of an organization; rows without one have nobody to tell."""
    organization_id = row.pk if isinstance(row, Organization) else getattr(row, "organization_id", None)
    if organization_id is None or not isinstance(request.user, User):
        return
    AuditEntry.objects.create(
        organization_id=organization_id,
        actor_kind=ActorKind.STAFF,
        actor_user=request.user,
        action=f"staff.{act}",
        object_type=row._meta.label_lower,
        object_id=str(row.pk),
        data=data,
    )


def staff_of(request: HttpRequest) -> User:
    """Who works here: the admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def confirmed(description: Any, told: Any, *, permission: str = "change") -> Any:
    """A button above a row's page that says what will happen and asks, so that no mere link does anything.

    The method gets the form of the question, which has nothing to tell, and answers `back_to`.
    """
    dialog = {"title": description, "description": told, "form_class": None, "form_submit_text": description}
    return action(description=description, permissions=[permission], dialog=dialog)


def back_to(row: models.Model) -> HttpResponse:
    """From a dialog to the row's page."""
    page = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return HttpResponse(headers={"HX-Redirect": reverse(page, args=[row.pk])})


def show_refusal(request: HttpRequest, refusal: DomainError) -> None:
    """Say why a service refused, problem by problem."""
    messages.error(request, str(refusal.message))
    if isinstance(refusal, Invalid):
        for problem in refusal.problems:
            messages.error(request, f"{problem.step_id}: {problem.message}" if problem.step_id else problem.message)
