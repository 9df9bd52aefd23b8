"""Celery: carries bells only, and hosts the sweep thread in each worker process."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ.setdefault("TRILHO_PROCESS_ROLE", "runtime")

app = Celery("trilho")
