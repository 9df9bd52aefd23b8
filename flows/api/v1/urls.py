"""Addresses of the flows app's part of `/api/v1/`."""

from django.urls import path

from flows.api.v1 import assets, bots, exchange, flows, runs, standing, tests, versions

urlpatterns = [
    path("assets/", assets.AssetList.as_view(), name="api-assets"),
    path("assets/<uuid:pk>/", assets.AssetDetail.as_view(), name="api-asset"),
    path("bots/", bots.BotList.as_view(), name="api-bots"),
    path("bots/<uuid:pk>/", bots.BotDetail.as_view(), name="api-bot"),
    path("flow-templates/", flows.FlowTemplateList.as_view(), name="api-flow-templates"),
    path("flows/", flows.FlowList.as_view(), name="api-flows"),
    path("flows/import/", exchange.FlowImport.as_view(), name="api-flow-import"),
    path("flows/<uuid:pk>/export/", exchange.FlowExport.as_view(), name="api-flow-export"),
    path("flows/<uuid:pk>/", flows.FlowDetail.as_view(), name="api-flow"),
    path("flows/<uuid:pk>/draft/", flows.FlowDraft.as_view(), name="api-flow-draft"),
    path("flows/<uuid:pk>/validate/", flows.FlowValidate.as_view(), name="api-flow-validate"),
    path("flows/<uuid:pk>/publish/", flows.FlowPublish.as_view(), name="api-flow-publish"),
    path("flows/<uuid:pk>/versions/", flows.VersionList.as_view(), name="api-flow-versions"),
    path("flows/<uuid:pk>/impact/", versions.FlowImpact.as_view(), name="api-flow-impact"),
    path(
        "flows/<uuid:pk>/versions/<int:number>/difference/",
        versions.VersionDifference.as_view(),
        name="api-flow-difference",
    ),
    path("flows/<uuid:pk>/versions/<int:number>/restore/", flows.VersionRestore.as_view(), name="api-flow-restore"),
    path("flows/<uuid:pk>/tests/", tests.TestList.as_view(), name="api-flow-tests"),
    path("flows/<uuid:pk>/tests/run/", tests.TestRun.as_view(), name="api-flow-tests-run"),
    path("flows/<uuid:pk>/tests/<uuid:test_id>/", tests.TestDetail.as_view(), name="api-flow-test"),
    path("runs/", runs.RunList.as_view(), name="api-runs"),
    path("runs/<uuid:pk>/", runs.RunDetail.as_view(), name="api-run"),
    path("runs/<uuid:pk>/events/", runs.RunEvents.as_view(), name="api-run-events"),
    path("runs/<uuid:pk>/resume/", runs.RunResume.as_view(), name="api-run-resume"),
    path("runs/<uuid:pk>/move/", runs.RunMove.as_view(), name="api-run-move"),
    path("runs/<uuid:pk>/close/", runs.RunClose.as_view(), name="api-run-close"),
    path("standing-still/", standing.StandingList.as_view(), name="api-standing"),
    path("standing-still/<uuid:pk>/retry/", standing.StandingRetry.as_view(), name="api-standing-retry"),
    path("standing-still/<uuid:pk>/dismiss/", standing.StandingDismiss.as_view(), name="api-standing-dismiss"),
]
