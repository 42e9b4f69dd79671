"""The page of accounts and roles: who works here, and what each may do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bot.accounts.codes import device_of, device_reset
from bot.accounts.lockouts import lockouts
from bot.accounts.models import Staff, StaffRole
from bot.accounts.policies import Action
from bot.accounts.services import (
    AccountRefused,
    Grant,
    LastAdministrator,
    password_renew,
    role_give,
    role_withdraw,
    staff_add,
    staff_change,
    staff_switch,
)
from bot.console.asking import needs, problems_of, staff_of
from bot.gazetteer.models import Community

log = logging.getLogger(__name__)
_NEEDED: Final = {"required": "这里要填。", "max_length": "太长了。"}


class AccountForm(forms.Form):
    """A new account with its first role."""

    username = forms.RegexField(
        r"^[A-Za-z0-9._-]{2,30}$",
        label="登录账号",
        help_text="拼音或工号，2到30个字母数字。",
        error_messages={**_NEEDED, "invalid": "只用字母、数字、点和横线，2到30个。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    display_name = forms.CharField(
        label="名字",
        max_length=40,
        help_text="居民看到的就是这个名字。",
        error_messages=_NEEDED,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_username(self) -> str:
        """Return a name that nobody has; raises ValidationError."""
        name = str(self.cleaned_data["username"])
        if Staff.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError("这个账号已经有人用了，换一个。")
        return name


class RoleForm(forms.Form):
    """A role to give."""

    role = forms.ChoiceField(label="岗位", choices=StaffRole.Role.choices)
    community = forms.ModelChoiceField(
        Community.objects.filter(is_active=True),
        label="管哪里",
        required=False,
        empty_label="全街道",
    )


class ReachForm(forms.Form):
    """What she is called, and where she is told."""

    display_name = forms.CharField(label="名字", max_length=40, error_messages=_NEEDED)
    email = forms.EmailField(
        label="邮箱",
        required=False,
        help_text="派给她的事会发到这里。",
        error_messages={"invalid": "邮箱写得不对。"},
    )
    phone = forms.RegexField(
        r"^1[3-9]\d{9}$",
        label="手机",
        required=False,
        help_text="开了短信提醒才用得上。",
        error_messages={"invalid": "手机号要11位数字。"},
    )


@never_cache
@require_safe
@needs(Action.STAFF_EDIT)
def people(request: HttpRequest) -> HttpResponse:
    """Show all accounts, those in use first."""
    return _list(request, AccountForm(auto_id="new-%s"), RoleForm())


@never_cache
@require_http_methods(["POST"])
@needs(Action.STAFF_EDIT)
def add(request: HttpRequest) -> HttpResponse:
    """Make an account and show its password once."""
    form, role_form = AccountForm(request.POST, auto_id="new-%s"), RoleForm(request.POST)
    if form.is_valid() and role_form.is_valid():
        said = form.cleaned_data
        try:
            password = staff_add(
                said["username"],
                said["display_name"],
                grants=[_grant(role_form)],
                by=staff_of(request),
            )
        except AccountRefused:
            form.add_error("username", "这个账号不能用，换一个。")
        else:
            account = Staff.objects.get(username=said["username"])
            log.info("account %s added by %s", account.pk, staff_of(request).pk)
            return _page(request, account, password=password, status=201)
    return _list(request, form, role_form, status=422)


@never_cache
@require_safe
@needs(Action.STAFF_EDIT)
def person(request: HttpRequest, staff_id: int) -> HttpResponse:
    """Show one account with its roles."""
    return _page(request, get_object_or_404(Staff, pk=staff_id))


@never_cache
@require_POST
@needs(Action.STAFF_EDIT)
def act(request: HttpRequest, staff_id: int, what: str) -> HttpResponse:
    """Change an account: its roles, whether it is in use, where it is told, its password."""
    account = get_object_or_404(Staff, pk=staff_id)
    if what == "password":
        return _page(request, account, password=password_renew(account, by=staff_of(request)))
    if what not in _ACTS:
        raise Http404(what)
    try:
        problem = _ACTS[what](request, account)
    except LastAdministrator as error:
        return _page(request, Staff.objects.get(pk=staff_id), problem=str(error), status=409)
    if problem:
        return _page(request, account, problem=problem, status=422)
    log.info("account %s: %s by %s", account.pk, what, staff_of(request).pk)
    return redirect("staff-person", account.pk)


def _give(request: HttpRequest, account: Staff) -> str:
    form = RoleForm(request.POST)
    if not form.is_valid():
        return problems_of(form)
    role_give(account, _grant(form), by=staff_of(request))
    return ""


def _withdraw(request: HttpRequest, account: Staff) -> str:
    given = request.POST.get("given", "")
    found = get_object_or_404(account.roles, pk=int(given) if given.isdecimal() else 0)
    role_withdraw(found, by=staff_of(request))
    return ""


def _switch(request: HttpRequest, account: Staff) -> str:
    if account == staff_of(request):
        return "自己的账号不能自己停用。"
    staff_switch(account, is_active=request.POST.get("on") == "1", by=staff_of(request))
    return ""


def _change(request: HttpRequest, account: Staff) -> str:
    form = ReachForm(request.POST)
    if not form.is_valid():
        return problems_of(form)
    said = form.cleaned_data
    by = staff_of(request)
    staff_change(account, said["display_name"], said["email"], said["phone"], by=by)
    return ""


def _code(request: HttpRequest, account: Staff) -> str:
    if account == staff_of(request):
        return "自己的动态码要请别的管理员解除。"
    device_reset(account, by=staff_of(request))
    return ""


_ACTS: Final[dict[str, Callable[[HttpRequest, Staff], str]]] = {
    "give": _give,
    "withdraw": _withdraw,
    "switch": _switch,
    "change": _change,
    "code": _code,
}


def _grant(form: RoleForm) -> Grant:
    return Grant(StaffRole.Role(form.cleaned_data["role"]), form.cleaned_data["community"])


def _list(
    request: HttpRequest, form: AccountForm, role_form: RoleForm, status: int = 200
) -> HttpResponse:
    shown = {
        "people": _accounts(),
        "form": form,
        "role_form": role_form,
        "locked": len(lockouts()),
    }
    return render(request, "console/people.html", shown, status=status)


def _accounts() -> list[Staff]:
    rows = Staff.objects.prefetch_related("roles__community")
    return list(rows.order_by("-is_active", "display_name", "pk"))


def _page(request: HttpRequest, account: Staff, status: int = 200, **more: Any) -> HttpResponse:
    initial = {
        "display_name": account.display_name,
        "email": account.email,
        "phone": account.sealed_phone,
    }
    shown = {
        "account": account,
        "given": account.roles.select_related("community").order_by("role", "community__name"),
        "role_form": RoleForm(),
        "reach_form": ReachForm(initial=initial, auto_id="reach-%s"),
        "has_code": device_of(account) is not None,
        "is_self": account == staff_of(request),
        **more,
    }
    response = render(request, "console/person.html", shown, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
