"""Addresses of the payments app's pages."""

from django.urls import path

from payments.web.views import accounts, sales, test_payments, today

urlpatterns = [
    path("", today.today, name="today"),
    path("vendas/", sales.sale_list, name="sale_list"),
    path("vendas/<uuid:order_id>/", sales.sale_detail, name="sale_detail"),
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
