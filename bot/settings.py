"""Settings: the one place that reads the environment. Every ``BOT_`` name is in docs/settings.md.

Everyone else is handed values. Defaults work on a developer's machine; what must be set in
production is refused at start by ``bot.checks``.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url

from bot.secrets_file import kept_secret

ROOT = Path(__file__).resolve().parent.parent
NAMES: list[str] = []


def _env(name: str, default: str = "") -> str:
    NAMES.append(name)
    return os.environ.get(name, default).strip()


BOT_ENV = _env("BOT_ENV", "development")
PRODUCTION = BOT_ENV == "production"
BOT_DATA_DIR = Path(_env("BOT_DATA_DIR", str(ROOT / "var"))).resolve()
BOT_HOST = _env("BOT_HOST", "127.0.0.1")
BOT_PORT = int(_env("BOT_PORT", "8000"))
BOT_URL = _env("BOT_URL", f"http://127.0.0.1:{BOT_PORT}")
BOT_API_KEYS = _env("BOT_API_KEYS")
BOT_API_KEY = _env("BOT_API_KEY")
BOT_ALERT_KEYS = _env("BOT_ALERT_KEYS")
BOT_RATE_LIMITS = _env("BOT_RATE_LIMITS", "on")
BOT_NOW = _env("BOT_NOW")
BOT_NOW_SINCE = _env("BOT_NOW_SINCE")
BOT_ENCODER = _env("BOT_ENCODER", "built-in")
BOT_RERANKER = _env("BOT_RERANKER")
BOT_MODEL_DOWNLOAD = _env("BOT_MODEL_DOWNLOAD", "off")
BOT_RASA_PORT = int(_env("BOT_RASA_PORT", "5005"))
BOT_RASA_URL = _env("BOT_RASA_URL", f"http://127.0.0.1:{BOT_RASA_PORT}")
BOT_RASA_PYTHON = _env("BOT_RASA_PYTHON", sys.executable)
BOT_RASA_TIMEOUT_SECONDS = float(_env("BOT_RASA_TIMEOUT_SECONDS", "2.5"))
BOT_ACTION_PORT = int(_env("BOT_ACTION_PORT", "8001"))
BOT_ACTION_SECRET = _env("BOT_ACTION_SECRET") or kept_secret(BOT_DATA_DIR / "action_secret")
BOT_LOG_LEVEL = _env("BOT_LOG_LEVEL", "INFO")
BOT_DATABASE_URL = _env("BOT_DATABASE_URL", f"sqlite:///{BOT_DATA_DIR / 'bot.sqlite3'}")
BOT_ALLOWED_HOSTS = _env("BOT_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver")
BOT_SECRET_KEY = _env("BOT_SECRET_KEY")
BOT_FIELD_KEY = _env("BOT_FIELD_KEY")
BOT_FIELD_CIPHER = _env("BOT_FIELD_CIPHER", "aes")
BOT_DIGEST_KEY = _env("BOT_DIGEST_KEY")
BOT_WORKING_HOURS = _env("BOT_WORKING_HOURS", "09:00-12:00,13:30-17:30")
BOT_TELEGRAM_TOKEN = _env("BOT_TELEGRAM_TOKEN")
BOT_TELEGRAM_MODE = _env("BOT_TELEGRAM_MODE", "polling")
BOT_TELEGRAM_WEBHOOK_SECRET = _env("BOT_TELEGRAM_WEBHOOK_SECRET")
BOT_TELEGRAM_BASE_URL = _env("BOT_TELEGRAM_BASE_URL")
BOT_TELEGRAM_PROXY = _env("BOT_TELEGRAM_PROXY")
BOT_WECHAT_APP_ID = _env("BOT_WECHAT_APP_ID")
BOT_WECHAT_SECRET = _env("BOT_WECHAT_SECRET")
BOT_WECHAT_TOKEN = _env("BOT_WECHAT_TOKEN")
BOT_WECHAT_AES_KEY = _env("BOT_WECHAT_AES_KEY")
BOT_WECHAT_BASE_URL = _env("BOT_WECHAT_BASE_URL")
BOT_WECHAT_LINK = _env("BOT_WECHAT_LINK")
BOT_SMS_ACCESS_KEY_ID = _env("BOT_SMS_ACCESS_KEY_ID")
BOT_SMS_ACCESS_KEY_SECRET = _env("BOT_SMS_ACCESS_KEY_SECRET")
BOT_SMS_SIGN_NAME = _env("BOT_SMS_SIGN_NAME")
BOT_SMS_TEMPLATE = _env("BOT_SMS_TEMPLATE")
BOT_SMS_TEXT_LENGTH = int(_env("BOT_SMS_TEXT_LENGTH", "35"))
BOT_SMS_BASE_URL = _env("BOT_SMS_BASE_URL")
BOT_EMAIL_URL = _env("BOT_EMAIL_URL")
BOT_EMAIL_FROM = _env("BOT_EMAIL_FROM")
BOT_STAFF_NOTICES = _env("BOT_STAFF_NOTICES", "email")
# Staff accounts.
BOT_PASSWORD_DAYS = int(_env("BOT_PASSWORD_DAYS", "180"))
BOT_SESSION_MINUTES = int(_env("BOT_SESSION_MINUTES", "60"))
BOT_STAFF_TOTP = _env("BOT_STAFF_TOTP") or ("on" if PRODUCTION else "off")

# The telephone line.
BOT_VOICE = _env("BOT_VOICE", "auto")
BOT_VOICE_HOST = _env("BOT_VOICE_HOST", "127.0.0.1")
BOT_VOICE_HTTP_PORT = int(_env("BOT_VOICE_HTTP_PORT", "8010"))
BOT_VOICE_URL = _env("BOT_VOICE_URL")
BOT_VOICE_KEY = _env("BOT_VOICE_KEY")
BOT_VOICE_MAX_CALLS = int(_env("BOT_VOICE_MAX_CALLS", "10"))
BOT_VOICE_TRANSFER = _env("BOT_VOICE_TRANSFER")
BOT_AUDIOSOCKET_PORT = int(_env("BOT_AUDIOSOCKET_PORT", "9092"))
BOT_SIP_PORT = int(_env("BOT_SIP_PORT", "5070"))
BOT_SIP_PEERS = _env("BOT_SIP_PEERS", "127.0.0.0/8")
BOT_SIP_ADDRESS = _env("BOT_SIP_ADDRESS")
BOT_RTP_PORTS = _env("BOT_RTP_PORTS", "20000-20999")
BOT_VOSK_MODEL = _env("BOT_VOSK_MODEL")
BOT_VOICE_DEMO_MODEL = _env("BOT_VOICE_DEMO_MODEL") or ("off" if PRODUCTION else "on")
BOT_VOICE_ENGINE = _env("BOT_VOICE_ENGINE", "espeak")
BOT_SHERPA_VOICE = _env("BOT_SHERPA_VOICE")
BOT_VOICE_PROMPTS = _env("BOT_VOICE_PROMPTS")
BOT_VOICE_PRELOAD = _env("BOT_VOICE_PRELOAD", "on")
BOT_KEEP_TURNS_DAYS = int(_env("BOT_KEEP_TURNS_DAYS", "180"))
BOT_KEEP_FEEDBACK_DAYS = int(_env("BOT_KEEP_FEEDBACK_DAYS", "180"))
BOT_KEEP_HANDOVERS_DAYS = int(_env("BOT_KEEP_HANDOVERS_DAYS", "180"))
BOT_KEEP_TICKETS_DAYS = int(_env("BOT_KEEP_TICKETS_DAYS", "3650"))
BOT_KEEP_NOTICES_DAYS = int(_env("BOT_KEEP_NOTICES_DAYS", "180"))
BOT_KEEP_DELIVERIES_DAYS = int(_env("BOT_KEEP_DELIVERIES_DAYS", "30"))
BOT_KEEP_DRAFTS_DAYS = int(_env("BOT_KEEP_DRAFTS_DAYS", "7"))
BOT_KEEP_TRACKER_DAYS = int(_env("BOT_KEEP_TRACKER_DAYS", "7"))

DEVELOPMENT_KEY_FILE = BOT_DATA_DIR / "api_key"
SNAPSHOT_DIR = BOT_DATA_DIR / "snapshots"
RECIPE_DIR = BOT_DATA_DIR / "recipes"
EVIDENCE_DIR = BOT_DATA_DIR / "evidence"
PROMPTS_DIR = Path(BOT_VOICE_PROMPTS) if BOT_VOICE_PROMPTS else BOT_DATA_DIR / "prompts"

FIELD_KEYS = BOT_FIELD_KEY or kept_secret(BOT_DATA_DIR / "field_key")
DIGEST_KEY = BOT_DIGEST_KEY or kept_secret(BOT_DATA_DIR / "digest_key")

# Django's own names from here on.
SECRET_KEY = BOT_SECRET_KEY or kept_secret(BOT_DATA_DIR / "secret_key")
DEBUG = False
ALLOWED_HOSTS = [host for host in BOT_ALLOWED_HOSTS.split(",") if host]
ROOT_URLCONF = "bot.urls"
ASGI_APPLICATION = "bot.asgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knowledge",
    "bot.conversations",
    "bot.actions",
    "bot.audit",
    "bot.gazetteer",
    "bot.accounts",
    "bot.casework",
    "bot.evidence",
    "bot.handovers",
    "bot.tickets",
    "bot.reports",
    "bot.curation",
    "bot.figures",
    "bot.sample",
    "bot.console",
    "bot.channels.telegram",
    "bot.channels.wechat",
    "bot.channels.phone",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bot.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "bot.console.doorkeeper.StaffOnly",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTH_USER_MODEL = "accounts.Staff"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
_DJANGO = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_DJANGO}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {
        "NAME": f"{_DJANGO}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name", "email")},
    },
    {"NAME": f"{_DJANGO}.CommonPasswordValidator"},
    {"NAME": f"{_DJANGO}.NumericPasswordValidator"},
    {"NAME": "bot.accounts.passwords.NotLikeHerName"},
    {"NAME": "bot.accounts.passwords.NotUsedBefore"},
]
OTP_TOTP_ISSUER = "小顶值守台"
LOGIN_URL = "staff-login"
LOGIN_REDIRECT_URL = "inbox"
LOGOUT_REDIRECT_URL = "staff-login"
# One working day; a computer left alone overnight is nobody's.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = PRODUCTION
# Guessing is stopped by name and address together: neither one clerk's slips nor a stranger's
# guesses shut out the whole office.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "bot.console.views.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
# What is typed into the name's field may be a password.
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "bot" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(BOT_DATABASE_URL, conn_max_age=60)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # What is deleted is overwritten, not only marked as free.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA secure_delete=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "bot" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Larger bodies are refused before they are read; a message itself is far smaller.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# A guide with a thousand phrasings, each of several fields, is one form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "bot.channels.web.refused_form"
# A browser that came without HTTPS is sent back with it; programs, which speak to this machine
# directly or would not follow, are let be.
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^(api/|healthz$|readyz$|telegram/|wechat/)"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
# Hosts below ours may be somebody else's, and no browser's own list should name an office unasked.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "bot.api.auth.ApiKeyAuthentication",
        "bot.api.auth.ConversationTokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["bot.api.parsers.GuardedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "bot.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    # The server in front has put the caller's address in; what she writes into headers is hers.
    "NUM_PROXIES": 0,
    "COMPACT_JSON": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Street office assistant",
    "DESCRIPTION": "One door for every channel: questions in, replies out.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masked": {"()": "bot.conversations.privacy.MaskingFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["masked"],
        }
    },
    "root": {"handlers": ["console"], "level": BOT_LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Its lines name accounts and addresses; the database keeps them for the lock.
        "axes": {"level": "CRITICAL"},
        # The library's lines may hold an update's words; those below it hold addresses, which
        # hold the token. What goes wrong is told by bot.channels.telegram.
        "telegram": {"level": logging.CRITICAL + 1},
        **{
            name: {"level": "WARNING"}
            for name in (
                *("httpx", "httpcore", "uvicorn", "faiss", "sentence_transformers"),
                *("huey", "urllib3"),
            )
        },
    },
}
