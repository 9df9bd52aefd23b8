"""Addresses of the payments app's pages."""

from django.urls import path

from payments.web.views import accounts, chats, decisions, grants, refunds, sales, test_payments, today

urlpatterns = [
    path("", today.today, name="today"),
    path("vendas/", sales.sale_list, name="sale_list"),
    path("vendas/exportar/", sales.sale_export, name="sale_export"),
    path("vendas/decisoes/", decisions.decision_list, name="decision_list"),
    path("vendas/decisoes/<uuid:matter_id>/", decisions.decision_take, name="decision_take"),
    path("vendas/creditos/usar/", decisions.credit_use, name="credit_use"),
    path("vendas/cobrancas/<uuid:payment_id>/reembolso/", refunds.refund, name="payment_refund"),
    path("vendas/reembolsos/<uuid:refund_id>/", refunds.by_hand, name="refund_by_hand"),
    path("ajustes/pagamentos/regras/", decisions.money_rules, name="money_rules"),
    path("vendas/<uuid:order_id>/", sales.sale_detail, name="sale_detail"),
    path("acessos/", grants.grant_list, name="grant_list"),
    path("acessos/dar/", grants.give, name="grant_give"),
    path("acessos/<uuid:grant_id>/tomar/", grants.take_back, name="grant_take_back"),
    path("acessos/<uuid:grant_id>/mover/", grants.move, name="grant_move"),
    path("ajustes/grupos/", chats.chat_list, name="chat_list"),
    path("ajustes/grupos/verificar/", chats.check_chats, name="chat_check"),
    path("ajustes/pagamentos/", accounts.account_list, name="account_list"),
    path("ajustes/pagamentos/sandbox/", accounts.add_sandbox, name="account_sandbox"),
    path("ajustes/pagamentos/nova/", accounts.add_account, name="account_add"),
    path("ajustes/pagamentos/<uuid:account_id>/testar/", accounts.test_account, name="account_test"),
    path("ajustes/pagamentos/<uuid:account_id>/mover/", accounts.move_account, name="account_move"),
    path("ajustes/pagamentos/<uuid:account_id>/ligar/", accounts.switch_account, name="account_switch"),
    path("fluxos/<uuid:flow_id>/teste/pagamentos/", test_payments.panel, name="test_payments"),
    path("fluxos/<uuid:flow_id>/teste/pular/", test_payments.skip, name="test_chat_skip"),
    path("fluxos/<uuid:flow_id>/teste/pagamentos/<uuid:payment_id>/", test_payments.act, name="test_payment_act"),
]
