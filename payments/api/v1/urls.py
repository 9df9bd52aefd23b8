"""Addresses of the payments app's part of `/api/v1/`."""

from django.urls import path

from payments.api.v1.accounts import AccountDetail, AccountList, AccountTest, BotAccounts
from payments.api.v1.views import GrantList, GrantTakeBack, PaymentDetail, PaymentList, PaymentRefund

urlpatterns = [
    path("payments/", PaymentList.as_view(), name="api-payments"),
    path("payments/<uuid:pk>/", PaymentDetail.as_view(), name="api-payment"),
    path("payments/<uuid:pk>/refund/", PaymentRefund.as_view(), name="api-payment-refund"),
    path("grants/", GrantList.as_view(), name="api-grants"),
    path("grants/<uuid:pk>/take-back/", GrantTakeBack.as_view(), name="api-grant-take-back"),
    path("gateway-accounts/", AccountList.as_view(), name="api-gateway-accounts"),
    path("gateway-accounts/<uuid:pk>/", AccountDetail.as_view(), name="api-gateway-account"),
    path("gateway-accounts/<uuid:pk>/test/", AccountTest.as_view(), name="api-gateway-account-test"),
    path("bots/<uuid:pk>/gateway-accounts/", BotAccounts.as_view(), name="api-bot-gateway-accounts"),
]
