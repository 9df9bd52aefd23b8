"""Addresses of the flows app's pages."""

from django.urls import path

from flows.web.views import bot_texts, bots, conversations, editor, flows, test_chat, versions

urlpatterns = [
    path("bots/<uuid:bot_id>/", bots.bot_settings, name="bot_settings"),
    path("bots/<uuid:bot_id>/pausar/", bots.pause, name="bot_pause"),
    path("bots/<uuid:bot_id>/retomar/", bots.resume, name="bot_resume"),
    path("bots/<uuid:bot_id>/textos/", bot_texts.text_list, name="bot_texts"),
    path("bots/<uuid:bot_id>/textos/<slug:code>/", bot_texts.change_text, name="bot_text"),
    path("fluxos/", flows.flow_list, name="flow_list"),
    path("fluxos/novo/", flows.flow_new, name="flow_new"),
    path("fluxos/<uuid:flow_id>/", editor.editor, name="flow_editor"),
    path("fluxos/<uuid:flow_id>/verificar/", editor.check, name="flow_check"),
    path("fluxos/<uuid:flow_id>/rascunho/", editor.save, name="flow_save"),
    path("fluxos/<uuid:flow_id>/publicar/", editor.publish, name="flow_publish"),
    path("fluxos/<uuid:flow_id>/versoes/", versions.version_list, name="flow_versions"),
    path("fluxos/<uuid:flow_id>/versoes/<int:number>/restaurar/", versions.restore, name="flow_restore"),
    path("fluxos/<uuid:flow_id>/teste/", test_chat.test_chat, name="test_chat"),
    path("fluxos/<uuid:flow_id>/teste/conversa/", test_chat.feed, name="test_chat_feed"),
    path("fluxos/<uuid:flow_id>/teste/dizer/", test_chat.say, name="test_chat_say"),
    path("fluxos/<uuid:flow_id>/teste/apertar/", test_chat.press, name="test_chat_press"),
    path("conversas/", conversations.conversation_list, name="conversation_list"),
    path("conversas/<uuid:run_id>/", conversations.conversation_detail, name="conversation_detail"),
]
