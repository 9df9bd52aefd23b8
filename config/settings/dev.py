"""A machine of one's own: keys made by `make run`, readable errors, no HTTPS."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *
from config.settings.base import SECRET_KEY as _SECRET_KEY

DEBUG = True
if not _SECRET_KEY:
    raise ImproperlyConfigured("There is no SECRET_KEY: `make run` makes one for this folder, or set SECRET_KEY.")
