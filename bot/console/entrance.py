"""What stands between signing in and working: being still there, the code, a password of one's own.

The doorkeeper asks ``held_back`` before every staff page.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import segno
from django import forms
from django.conf import settings
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as code_login

from bot import clock
from bot.accounts.codes import (
    code_holds,
    device_begun,
    device_bind,
    device_of,
    device_secret,
    is_code_required,
)
from bot.accounts.models import Staff
from bot.accounts.passwords import is_password_due
from bot.accounts.services import password_change
from bot.console.asking import staff_of

CODE: Final = "staff-code"
PASSWORD: Final = "staff-password"  # noqa: S105 (the name of a page)
# Pages that fetch themselves anew say so when nobody has touched them meanwhile.
UNTOUCHED_HEADER: Final = "X-Untouched"
ENDED: Final = "ended"
_ACTIVE: Final = "active_at"
_HAS_CODE: Final = "has_code"
_NOTE_EVERY: Final = timedelta(minutes=1)
_NEEDED: Final = {"required": "这里要填。"}
_WHY_NOT: Final = {
    "password_too_short": "太短了，至少10个字符。",
    "password_too_common": "这个密码太常见，一猜就中，换一个。",
    "password_too_similar": "和您的名字、账号或单位名太像了，换一个。",
    "password_entirely_numeric": "不能全是数字，加几个字母。",
    "password_used_before": "最近5次用过的密码不能再用，换一个新的。",
}


class PasswordForm(forms.Form):
    """The old password, and a new one twice."""

    old = forms.CharField(
        label="现在的密码",
        strip=False,
        error_messages=_NEEDED,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="新密码",
        strip=False,
        max_length=128,
        error_messages={**_NEEDED, "max_length": "太长了，最多128个字符。"},
        help_text="至少10个字符，不能全是数字，别用自己的名字。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="新密码再写一遍",
        strip=False,
        error_messages=_NEEDED,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.staff = staff

    def clean_old(self) -> str:
        """Return it; raises ValidationError if it is not hers."""
        old = str(self.cleaned_data["old"])
        if not self.staff.check_password(old):
            raise ValidationError("现在的密码不对。")
        return old

    def clean(self) -> dict[str, Any]:
        """Twice the same; raises ValidationError."""
        said = self.cleaned_data
        if said.get("new") and said.get("again") and said["new"] != said["again"]:
            self.add_error("again", "两遍不一样，再写一次。")
        return said


class CodeForm(forms.Form):
    """Six digits from the telephone."""

    code = forms.RegexField(
        r"^\s*\d{3}\s*\d{3}\s*$",
        label="动态码",
        help_text="手机上现在显示的6位数字。",
        error_messages={**_NEEDED, "invalid": "动态码是6位数字。"},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}
        ),
    )

    def clean_code(self) -> str:
        """Return the digits alone."""
        return "".join(str(self.cleaned_data["code"]).split())


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Note in the session when it began, and whether a code belongs to the account."""
    if isinstance(user, Staff):
        request.session[_ACTIVE] = clock.now().isoformat()
        request.session[_HAS_CODE] = device_of(user) is not None
        request.session.pop(ENDED, None)


def held_back(request: HttpRequest, route: str | None) -> HttpResponse | None:
    """Lead to what is still to be done before the page; None lets the request through."""
    if route in ("staff-login", "staff-logout"):
        return None
    if _is_over(request):
        logout(request)
        request.session[ENDED] = True
        return _redirect(request, settings.LOGIN_URL)
    needed = _needed(request)
    if needed is None or route == needed:
        return None
    return _redirect(request, needed)


def is_held(request: HttpRequest) -> bool:
    """Whether whoever signed in cannot work yet: then the bar shows her no pages."""
    return _needed(request) is not None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password."""
    staff = staff_of(request)
    is_due = is_password_due(staff, clock.now())
    form = PasswordForm(request.POST or None, staff=staff)
    if request.method == "POST" and form.is_valid():
        try:
            password_change(staff, form.cleaned_data["new"])
        except ValidationError as error:
            form.add_error("new", [_why_not(one) for one in error.error_list])
        else:
            update_session_auth_hash(request, staff)
            if is_due:
                return redirect(_wanted(request))
            return _page(request, "password", form=PasswordForm(staff=staff), is_done=True)
    status = 422 if form.errors else 200
    return _page(request, "password", status, form=form, is_due=is_due, account=staff)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code; from whoever has bound no telephone, to bind one first."""
    staff, form = staff_of(request), CodeForm(request.POST or None)
    device = device_of(staff)
    if _is_verified(request):
        return _page(request, "code", is_done=True)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["code"]
        if device is None:
            held = device_bind(staff, given)
        else:
            held = device if code_holds(device, given) else None
        if held is not None:
            code_login(request, held)
            request.session.cycle_key()
            request.session[_HAS_CODE] = True
            return redirect(_wanted(request))
        form.add_error("code", "动态码不对或者过时了，等它换一个再填。错几次以后要多等一会儿。")
    shown: dict[str, Any] = {"form": form, "is_new": device is None}
    if device is None:
        begun = device_begun(staff)
        made = segno.make(begun.config_url, error="m", micro=False)
        shown["picture"] = made.svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
        shown["secret"] = device_secret(begun)
    return _page(request, "code", 422 if form.errors else 200, **shown)


def _needed(request: HttpRequest) -> str | None:
    """Return the page that comes before all others: the code, then the password."""
    staff = staff_of(request)
    if not _is_verified(request) and (request.session.get(_HAS_CODE) or is_code_required(staff)):
        return CODE
    return PASSWORD if is_password_due(staff, clock.now()) else None


def _is_verified(request: HttpRequest) -> bool:
    return getattr(request.user, "otp_device", None) is not None


def _is_over(request: HttpRequest) -> bool:
    """Whether nobody has touched a page for too long; if somebody does now, it is noted."""
    longest = timedelta(minutes=settings.BOT_SESSION_MINUTES)
    if not longest:
        return False
    now, noted = clock.now(), request.session.get(_ACTIVE)
    since = now - datetime.fromisoformat(noted) if noted else timedelta()
    if since >= longest:
        return True
    is_touched = UNTOUCHED_HEADER not in request.headers
    if is_touched and (noted is None or since >= _NOTE_EVERY):
        request.session[_ACTIVE] = now.isoformat()
    return False


def _redirect(request: HttpRequest, page: str) -> HttpResponse:
    """Lead to a page, and from there back to the one that was wanted."""
    wanted = request.get_full_path() if request.method == "GET" else request.GET.get("next", "")
    query = f"?next={quote(wanted, safe='/')}" if wanted else ""
    return redirect(f"{resolve_url(page)}{query}")


def _wanted(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _page(request: HttpRequest, name: str, status: int = 200, **shown: Any) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    shown = {"next": wanted, "is_held": is_held(request), **shown}
    response = render(request, f"console/{name}.html", shown, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _why_not(error: ValidationError) -> str:
    return _WHY_NOT.get(error.code or "", "这个密码不行，换一个。")
