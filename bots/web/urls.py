"""Addresses of the kernel's pages."""

from django.urls import path

from bots.web.views import bots, notices, organizations, preferences, settings

urlpatterns = [
    path("aparencia/", preferences.choose_theme, name="theme"),
    path("idioma/", preferences.choose_language, name="language"),
    path("organizacao/nova/", organizations.organization_new, name="organization_new"),
    path("organizacao/trocar/", organizations.switch, name="organization_switch"),
    path("bots/", bots.bot_list, name="bot_list"),
    path("bots/conectar/", bots.connect, name="bot_connect"),
    path("ajustes/", settings.index, name="settings"),
    path("ajustes/organizacao/", settings.organization, name="organization_settings"),
    path("ajustes/membros/", settings.members, name="member_list"),
    path("ajustes/avisos/", notices.notice_settings, name="notice_settings"),
    path("ajustes/avisos/teste/", notices.send_test, name="notice_test"),
    path("ajustes/avisos/telegram/", notices.link_telegram, name="notice_link"),
    path("ajustes/avisos/telegram/desligar/", notices.unlink_telegram, name="notice_unlink"),
    path("ajustes/chaves/", settings.api_keys, name="api_key_list"),
    path("ajustes/chaves/<uuid:key_id>/revogar/", settings.revoke_key, name="api_key_revoke"),
]
