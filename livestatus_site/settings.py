"""Django's settings. Whatever an operator may change is a variable in env.py; here it is only put in its place."""

import dataclasses
from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF

from livestatus_site import data_dir, env
from livestatus_site.database import database
from livestatus_site.logs import logging_config
from livestatus_site.parse import BASE_DIR as BASE_DIR


def _live_status() -> env.Env:
    """The environment, after DATA_DIR is there and with a secret key in any case."""
    loaded = env.load()
    problem = data_dir.prepare(loaded.data_dir)
    return dataclasses.replace(
        loaded,
        secret_key=loaded.secret_key or data_dir.kept_secret_key(loaded.data_dir),
        problems=loaded.problems + ((problem,) if problem else ()),
    )


LIVE_STATUS = _live_status()
"""Every setting of our own. The rest of the project reads this and never the environment."""

DEBUG = False
SECRET_KEY = LIVE_STATUS.secret_key
ALLOWED_HOSTS = list(
    dict.fromkeys(("localhost", "127.0.0.1", "[::1]", LIVE_STATUS.host_in_url, *LIVE_STATUS.allowed_hosts))
)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "livestatus_site",
    "sessions_app",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
# Rooms keep their templates and static files with them; as folders, not as apps, they also come before Django's own.
ROOMS_WITH_PAGES = ("web", "admin")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "sessions_app" / room / "templates" for room in ROOMS_WITH_PAGES],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["sessions_app.web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
ROOT_URLCONF = "livestatus_site.urls"
WSGI_APPLICATION = "livestatus_site.wsgi.application"

DATABASES = {"default": database(LIVE_STATUS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGGING = logging_config(LIVE_STATUS)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# Signing in
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Guessing passwords: five wrong ones for one name from one address, and both have to wait.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "sessions_app.web.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "livestatus_site.client_address.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Static files: collected ones if there are any, else straight from the apps, so that nothing depends on collectstatic.
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "sessions_app" / room / "static" for room in ROOMS_WITH_PAGES]
STATIC_ROOT = LIVE_STATUS.data_dir / data_dir.STATIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "admin").is_dir()

# Whether what many viewers ask for at once is kept for a moment and shared. Tests change rows between two looks.
KEEP_DRAWINGS = True

# What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LIVE_STATUS.https
SESSION_COOKIE_NAME = "livestatus_session"
CSRF_COOKIE_NAME = "livestatus_csrf"
if LIVE_STATUS.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # The cheap health page is asked for by machines that do not come through the proxy.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600

# Celery: a message is only a hint that a post is due, the row is the truth, so losing or repeating one is harmless.
CELERY_BROKER_URL = LIVE_STATUS.redis_url or "memory://"
CELERY_TASK_ALWAYS_EAGER = LIVE_STATUS.redis_url is None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Early: a task is only a hint, so a lost one costs nothing. With late acknowledgement a worker ends when Redis goes
# away under a message that is not acknowledged yet (Celery 5.7, threads and prefork).
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "livestatus.sweep", "schedule": 10.0, "options": {"expires": 10}}}
CELERY_BEAT_SCHEDULE_FILENAME = str(LIVE_STATUS.data_dir / "celerybeat-schedule")
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 30
CELERY_WORKER_CONCURRENCY = LIVE_STATUS.mm_max_connections
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 25
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Without these a hung broker would hold the watcher for ever; celery.py gives a worker more time.
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "max_retries": 1,
        "global_keyprefix": "livestatus:",
    }
    if LIVE_STATUS.redis_url
    else {}
)
