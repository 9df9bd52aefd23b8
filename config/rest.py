"""What Django REST framework does where a view says nothing."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # The module of the views reads the settings that name this one.
    from rest_framework.views import APIView


class DenyAll(BasePermission):
    """Answers nobody, so that a view without permissions of its own is closed, not open."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False
