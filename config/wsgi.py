"""The WSGI application the web processes serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
os.environ.setdefault("TRILHO_PROCESS_ROLE", "app")

application = get_wsgi_application()
