"""The app that wires the others: system checks, and logging from the first moment."""

from django.apps import AppConfig
from django.conf import settings

from config import logging


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        logging.configure(settings.LOGGING)
