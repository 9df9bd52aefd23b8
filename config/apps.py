"""The app that wires the others: logging, Celery, system checks."""

from django.apps import AppConfig
from django.conf import settings

from config import logging


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        # Their modules need every app's models; here they are loaded.
        from config import celery, checks

        logging.configure(settings.LOGGING)
        celery.app.set_default()
        checks.register_checks()
