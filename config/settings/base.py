"""What holds everywhere; `dev`, `test` and `prod` add what differs."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django_stubs_ext
import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from config import environment
from config.environment import BASE_DIR, ProcessRole
from config.logging import logging_config

# Lets `forms.ModelForm[Bot]` and the like be written for the type checker.
django_stubs_ext.monkeypatch()

env = environ.Env()

PROCESS_ROLE: ProcessRole = environment.process_role()
RUN_DIR = environment.run_directory()
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
# Where our own links lead: the public address, or this machine.
SITE_URL = PUBLIC_URL or f"http://127.0.0.1:{PORT}"

DEBUG = False
SECRET_KEY = environment.secret("SECRET_KEY")
# Fernet keys, newest first; older ones only decrypt.
FIELD_ENCRYPTION_KEYS = [key for key in environment.secret("FIELD_ENCRYPTION_KEYS").split(",") if key]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "bots",
    "bots.outbox",
    "flows",
    "payments",
    "telegram_gateway",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.TelegramDoorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.AdminContentSecurityPolicyMiddleware",
    "config.middleware.StaffSecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bots.middleware.TenantMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "bots.web.shell.shell",
            ],
            "builtins": ["bots.web.templatetags.interface", "payments.web.templatetags.money"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data ---------------------------------------------------------------------------------------------------------

DATABASES = {"default": environment.database(PROCESS_ROLE)}
# Off behind a pooler that hands one session to many clients; unless said otherwise, wherever start-up options are off.
DATABASE_PREPARE = env.bool("DATABASE_PREPARE", default=environment.has_startup_options())
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.service("REDIS_URL")
# Short deadlines: what Redis does for us can be done without it, so nobody waits for it. Errors are never swallowed:
# `add()` that answers None for "Redis is down" reads as "already done".
CACHES = {
    "default": {
        "BACKEND": "config.cache.ManneredCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "trilho",
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.25,
            "IGNORE_EXCEPTIONS": False,
            "CONNECTION_POOL_KWARGS": {"health_check_interval": 15},
        },
    }
}
# In the database, so that a dead Redis signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

STORAGES: dict[str, dict[str, Any]] = {
    "default": environment.storage(env.str("STORAGE_URL", default=f"file://{RUN_DIR / 'media'}")),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
# Only production collects; elsewhere files are served from where they lie.
STATIC_ROOT: Path | None = None
WHITENOISE_USE_FINDERS = True
# Not `static/` itself: that also holds the editor's source.
STATICFILES_DIRS = [BASE_DIR / "static" / "site", BASE_DIR / "static" / "dist"]
MEDIA_URL = "/media/"

# --- Language and time --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
LOCAL_ZONE = ZoneInfo(TIME_ZONE)

# --- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "bots.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Trilho: "
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Trilho"
MFA_ADAPTER = "bots.second_factor.SecondFactorAdapter"

vars().update(env.email("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Trilho <nao-responda@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10

# --- Security -----------------------------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_HANDLERS = [
    "bots.uploads.CappedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- REST ---------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # Views name their own authentication and permissions; one that forgets answers nobody.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["config.rest.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "bots.api.schema.ApiSchema",
    "DEFAULT_FILTER_BACKENDS": ["bots.api.filters.ColumnFilter"],
    "DEFAULT_PAGINATION_CLASS": "bots.api.pagination.CursorPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "bots.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trilho API",
    "DESCRIPTION": "Bots, flows, runs, payments and access grants of one organization.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "flows.api.v1.schema.add_flow_definition",
    ],
    # Each choice set by the name of what it belongs to, not by a digest.
    "ENUM_NAME_OVERRIDES": {
        "BotStatusEnum": "bots.models.BotStatus",
        "AssetKindEnum": "flows.models.AssetKind",
        "StandingKindEnum": "flows.standing_still.Kind",
        "StepFateEnum": ["removed", "changed", "texts", "kept"],
        "ChangeEnum": ["added", "removed", "changed"],
        "RunStatusEnum": "flows.models.RunStatus",
        "OrderStatusEnum": "payments.models.OrderStatus",
        "PaymentStatusEnum": "payments.models.enums.PAYMENT_STATUS_CHOICES",
        "GatewayEnum": "payments.models.enums.GATEWAY_CHOICES",
        "ConnectableGatewayEnum": "payments.models.enums.CONNECTABLE_CHOICES",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Admin --------------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Trilho",
    "SITE_HEADER": "Trilho",
    "SITE_SYMBOL": "conversion_path",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("images/favicon.svg")}],
    "SIDEBAR": {"show_search": True, "navigation": "config.staff_menu.navigation"},
    # The product's warm neutrals and deep teal; the numbers are lightness steps, as everywhere in Tailwind.
    "COLORS": {
        "base": {
            "50": "oklch(97% 0.006 85)",
            "100": "oklch(95% 0.006 85)",
            "200": "oklch(91% 0.01 85)",
            "300": "oklch(85% 0.011 80)",
            "400": "oklch(73% 0.01 80)",
            "500": "oklch(55% 0.014 75)",
            "600": "oklch(44% 0.014 75)",
            "700": "oklch(36% 0.013 75)",
            "800": "oklch(28% 0.01 75)",
            "900": "oklch(22% 0.008 75)",
            "950": "oklch(17% 0.007 75)",
        },
        "primary": {
            "50": "oklch(97.5% 0.012 190)",
            "100": "oklch(95% 0.025 190)",
            "200": "oklch(90% 0.05 190)",
            "300": "oklch(84% 0.08 190)",
            "400": "oklch(76% 0.105 190)",
            "500": "oklch(60% 0.095 192)",
            "600": "oklch(43% 0.08 196)",
            "700": "oklch(38% 0.07 196)",
            "800": "oklch(33% 0.06 196)",
            "900": "oklch(28% 0.05 196)",
            "950": "oklch(22% 0.04 196)",
        },
    },
}

# --- Our own ------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or REDIS_URL
TELEGRAM_API_BASE_URL = env.str("TELEGRAM_API_BASE_URL", default="https://api.telegram.org").rstrip("/")
# Messages a second per bot, and per private chat (with a burst of 5); 0 lifts the limit.
TELEGRAM_BOT_RATE = env.float("TELEGRAM_BOT_RATE", default=25)
TELEGRAM_CHAT_RATE = env.float("TELEGRAM_CHAT_RATE", default=1)
# Gateways that take the money; an account says which of a gateway's two worlds its credentials belong to.
MERCADOPAGO_API_BASE_URL = env.str("MERCADOPAGO_API_BASE_URL", default="https://api.mercadopago.com").rstrip("/")
PUSHINPAY_API_BASE_URL = env.str("PUSHINPAY_API_BASE_URL", default="https://api.pushinpay.com.br/api").rstrip("/")
PUSHINPAY_SANDBOX_API_BASE_URL = env.str(
    "PUSHINPAY_SANDBOX_API_BASE_URL", default="https://api-sandbox.pushinpay.com.br/api"
).rstrip("/")
WOOVI_API_BASE_URL = env.str("WOOVI_API_BASE_URL", default="https://api.woovi.com").rstrip("/")
WOOVI_SANDBOX_API_BASE_URL = env.str("WOOVI_SANDBOX_API_BASE_URL", default="https://api.woovi-sandbox.com").rstrip("/")
ASAAS_API_BASE_URL = env.str("ASAAS_API_BASE_URL", default="https://api.asaas.com/v3").rstrip("/")
ASAAS_SANDBOX_API_BASE_URL = env.str("ASAAS_SANDBOX_API_BASE_URL", default="https://api-sandbox.asaas.com/v3").rstrip(
    "/"
)
# How long a claimed outbox row belongs to its worker; longer than any call's deadline.
TRILHO_LEASE_SECONDS = env.float("TRILHO_LEASE_SECONDS", default=30)
# Per API key; a partner over it is answered 429 with the time to wait.
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=600)
# How many drains may work side by side, best about one per worker process: fewer shards make larger transactions.
FLOW_SHARDS = env.int("FLOW_SHARDS", default=2)
SWEEP_INTERVAL_MS = env.int("SWEEP_INTERVAL_MS", default=250)
# Networks that are no part of the internet and may be called all the same, to try things out; refused in production.
OUTGOING_PRIVATE_NETWORKS = tuple(ip_network(text) for text in env.list("OUTGOING_PRIVATE_NETWORKS", default=[]))
# `name:hit:action` for the kill tests; refused outside dev and test.
CRASH_PLAN = env.str("CRASH_PLAN", default="")
# Whether our own staff get into the admin only with a second factor.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=False)
# Asked for at `/metrics`; empty: whoever reaches the page may read it.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Granian: one process and a few threads go far, since no request waits for anything outside.
WEB_WORKERS = env.int("WEB_WORKERS", default=1)
WEB_THREADS = env.int("WEB_THREADS", default=4)

LOGGING_CONFIG = None
LOGGING = logging_config(level=env.str("LOG_LEVEL", default="INFO"))

if FLOW_SHARDS < 1 or SWEEP_INTERVAL_MS < 1 or TRILHO_LEASE_SECONDS <= 0:
    raise ImproperlyConfigured("FLOW_SHARDS, SWEEP_INTERVAL_MS and TRILHO_LEASE_SECONDS must be positive.")
