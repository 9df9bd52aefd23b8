"""Addresses of the payments app's part of `/api/v1/`."""

from django.urls import path

from payments.api.v1 import places
from payments.api.v1.accounts import AccountDetail, AccountList, AccountTest, BotAccounts
from payments.api.v1.views import GrantList, GrantTakeBack, PaymentDetail, PaymentList, PaymentRefund

urlpatterns = [
    path("payments/", PaymentList.as_view(), name="api-payments"),
    path("payments/<uuid:pk>/", PaymentDetail.as_view(), name="api-payment"),
    path("payments/<uuid:pk>/refund/", PaymentRefund.as_view(), name="api-payment-refund"),
    path("grants/", GrantList.as_view(), name="api-grants"),
    path("grants/<uuid:pk>/move/", places.GrantMove.as_view(), name="api-grant-move"),
    path("grants/<uuid:pk>/extend/", places.GrantExtend.as_view(), name="api-grant-extend"),
    path("chats/", places.ChatList.as_view(), name="api-chats"),
    path("chats/<uuid:pk>/", places.ChatDetail.as_view(), name="api-chat"),
    path("chats/<uuid:pk>/keep/", places.ChatKeep.as_view(), name="api-chat-keep"),
    path("chats/<uuid:pk>/keep-no-longer/", places.ChatKeepEnd.as_view(), name="api-chat-keep-end"),
    path("places/", places.PlaceList.as_view(), name="api-places"),
    path("places/outside/", places.PlacesOutside.as_view(), name="api-places-outside"),
    path("places/leaving/", places.PlacesLeaving.as_view(), name="api-places-leaving"),
    path("places/<uuid:pk>/link/", places.PlaceLink.as_view(), name="api-place-link"),
    path("places/<uuid:pk>/undo-removal/", places.PlaceUndo.as_view(), name="api-place-undo"),
    path("grants/<uuid:pk>/take-back/", GrantTakeBack.as_view(), name="api-grant-take-back"),
    path("gateway-accounts/", AccountList.as_view(), name="api-gateway-accounts"),
    path("gateway-accounts/<uuid:pk>/", AccountDetail.as_view(), name="api-gateway-account"),
    path("gateway-accounts/<uuid:pk>/test/", AccountTest.as_view(), name="api-gateway-account-test"),
    path("bots/<uuid:pk>/gateway-accounts/", BotAccounts.as_view(), name="api-bot-gateway-accounts"),
]
