"""A machine of one's own: keys made by `make run`, no HTTPS; `DEBUG=1` for tracebacks on the page."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *
from config.settings.base import SECRET_KEY as _SECRET_KEY
from config.settings.base import env as _env

# Off unless asked for: it remembers every statement, and shows no page as customers see it.
DEBUG = _env.bool("DEBUG", default=False)
WHITENOISE_AUTOREFRESH = DEBUG
if not _SECRET_KEY:
    raise ImproperlyConfigured("There is no SECRET_KEY: `make run` makes one for this folder, or set SECRET_KEY.")
