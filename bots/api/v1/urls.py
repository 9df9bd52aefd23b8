"""Addresses of the kernel's part of `/api/v1/`."""

from django.urls import path

from bots.api.v1.contacts import ContactDetail, ContactList

urlpatterns = [
    path("contacts/", ContactList.as_view(), name="api-contacts"),
    path("contacts/<uuid:pk>/", ContactDetail.as_view(), name="api-contact"),
]
