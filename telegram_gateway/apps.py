"""Django's view of the telegram_gateway app."""

from django.apps import AppConfig


class TelegramGatewayConfig(AppConfig):
    name = "telegram_gateway"
    label = "telegram_gateway"
    verbose_name = "Telegram gateway"
    default_auto_field = "django.db.models.BigAutoField"
