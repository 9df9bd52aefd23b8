"""The rest of the world: every secret from the environment, HTTPS only, hashed static files."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.environment import BASE_DIR as _BASE_DIR
from config.settings.base import *
from config.settings.base import CRASH_PLAN as _CRASH_PLAN
from config.settings.base import OUTGOING_PRIVATE_NETWORKS as _OUTGOING_PRIVATE_NETWORKS
from config.settings.base import PUBLIC_URL as _PUBLIC_URL
from config.settings.base import STORAGES as _STORAGES
from config.settings.base import env as _env

SECRET_KEY = _env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = _env.list("SECRET_KEY_FALLBACKS", default=[])
if not SECRET_KEY or not _env.str("FIELD_ENCRYPTION_KEYS", default=""):
    raise ImproperlyConfigured("In production SECRET_KEY and FIELD_ENCRYPTION_KEYS must be set in the environment.")
if not _PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("In production PUBLIC_URL must be set, and start with https://.")
if _CRASH_PLAN:
    raise ImproperlyConfigured("CRASH_PLAN kills processes on purpose; it is not allowed in production.")
if _OUTGOING_PRIVATE_NETWORKS:
    raise ImproperlyConfigured("OUTGOING_PRIVATE_NETWORKS opens what is private to every seller; not in production.")
ALLOWED_HOSTS = _env.list("ALLOWED_HOSTS", default=[urlsplit(_PUBLIC_URL).hostname])

STAFF_SECOND_FACTOR = _env.bool("STAFF_SECOND_FACTOR", default=True)
SECURE_SSL_REDIRECT = _env.bool("SECURE_SSL_REDIRECT", default=True)
# Probes come from inside, over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
# Only behind a proxy that sets the header itself and drops a client's own.
if _env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

STATIC_ROOT = _BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = False
STORAGES = _STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
