"""Telegram's own door."""

from django.urls import path

from telegram_gateway import webhook

urlpatterns = [path("<str:public_id>/", webhook.receive, name="telegram_webhook")]
