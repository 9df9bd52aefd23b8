"""The test suite: the owner's role, fast passwords, keys that are no secret."""

import os

# The suite's bootstrap sets the addresses; linters and type checkers import settings without any server.
os.environ.setdefault("DATABASE_URL", "postgres://trilho_owner@127.0.0.1:1/trilho")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("TRILHO_PROCESS_ROLE", "owner")
os.environ.setdefault("SECRET_KEY", "only-for-tests-and-longer-than-fifty-characters-as-django-asks")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=")

from config.settings.base import *
from config.settings.base import DATABASES as _DATABASES

DEBUG = False
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

_database = _DATABASES["default"]
_database["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME") or f"test_{_database['NAME']}"}
