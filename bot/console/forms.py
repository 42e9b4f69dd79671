"""What staff type in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from bot.handovers.models import LONGEST_TEXT


class SignInForm(AuthenticationForm):
    """Name and password."""

    error_messages = {  # noqa: RUF012 (as its base declares it)
        "invalid_login": "账号或密码不对，再试一次。连着错5次要等15分钟。",
        "inactive": "这个账号停用了，请找管理员。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["password"].label = "密码"
        for field in self.fields.values():
            field.error_messages["required"] = "这里要填。"


class ReplyForm(forms.Form):
    """A clerk's words; ``key`` is made with the form, so that a double click writes once."""

    text = forms.CharField(
        max_length=LONGEST_TEXT,
        error_messages={
            "required": "还没有写字。",
            "max_length": f"太长了，一次最多{LONGEST_TEXT}个字，请分两次发。",
        },
    )
    key = forms.UUIDField(error_messages={"required": "页面太旧了，请刷新再发。"})
