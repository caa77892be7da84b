"""The Celery app. Only this module and sessions_app.tasks know that there is a Celery."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livestatus_site.settings")

app = Celery("livestatus")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def be_patient(conf: Any, **_: Any) -> None:
    """A worker may wait longer for the broker than a watcher, which has better things to do."""
    conf.broker_transport_options = {**conf.broker_transport_options, "socket_timeout": 10, "socket_connect_timeout": 2}


@setup_logging.connect
def log_as_everything_else_does(**_: Any) -> None:
    """A receiver of this signal keeps Celery from setting up logging of its own, without our formatter."""
    logging.config.dictConfig(settings.LOGGING)
