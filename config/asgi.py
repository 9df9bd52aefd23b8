"""The ASGI application, for servers that speak nothing else; `wsgi` is what we run."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
os.environ.setdefault("TRILHO_PROCESS_ROLE", "app")

application = get_asgi_application()
