"""The web process, as gunicorn finds it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livestatus_site.settings")

application = get_wsgi_application()
