"""How gunicorn serves the web process. It reads the same settings as everything else, so the Procfile needs none."""

from livestatus_site.env import load
from livestatus_site.logs import logging_config

_env = load()

bind = f"{_env.host_in_url}:{_env.port}"
# One process with threads: the pages are small, and one process has one set of counters and one pool of connections.
worker_class = "gthread"
workers = 1
threads = 8
timeout = 30
graceful_timeout = 3
keepalive = 5
loglevel = "warning"
accesslog = None
logconfig_dict = logging_config(_env)
