"""Django's view of the bots app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BotsConfig(AppConfig):
    name = "bots"
    label = "bots"
    verbose_name = _("Bots and organizations")
    default_auto_field = "django.db.models.BigAutoField"
