"""The test suite: the owner's role, fast passwords, keys that are no secret."""

import os
import sys

from config.supervisor.testing import ensure_servers

if "pytest" in sys.modules:
    ensure_servers()
# Linters and type checkers import settings without any server.
os.environ.setdefault("DATABASE_URL", "postgres://trilho_owner@127.0.0.1:1/trilho")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("TRILHO_PROCESS_ROLE", "owner")
os.environ.setdefault("SECRET_KEY", "only-for-tests-and-longer-than-fifty-characters-as-django-asks")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=")
# Each worker of pytest-xdist has a database of its own; on a server of ours it gets a Valkey database too.
if os.environ.get("TRILHO_TEST_VALKEY") and (_worker := os.environ.get("PYTEST_XDIST_WORKER")):
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(_worker.removeprefix('gw')) + 1}"

from config.settings.base import *
from config.settings.base import DATABASES as _DATABASES
from config.settings.base import STORAGES as _STORAGES

DEBUG = False
ALLOWED_HOSTS = ["*"]
# Looks files up when they are asked for, instead of all of them for each client.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = _STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

_database = _DATABASES["default"]
_database["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME") or f"test_{_database['NAME']}"}
