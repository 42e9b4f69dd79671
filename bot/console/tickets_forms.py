"""What staff type in about tickets. What a step needs is checked by its service, which says so."""

from __future__ import annotations

from typing import Any

from django import forms

from bot import clock
from bot.accounts.models import Staff
from bot.actions.intake.times import Appointment, time_in
from bot.tickets.board import Wanted
from bot.tickets.models import Ticket, TicketMaterial
from bot.tickets.states import LABELS

LONGEST_WORDS = 300
GROUPS = ("高龄", "独居", "残疾", "孕产", "军属")
ASKERS = (
    (Ticket.Asker.SELF.value, "本人打来"),
    (Ticket.Asker.CHILD.value, "子女替父母"),
    (Ticket.Asker.NEIGHBOUR.value, "邻居"),
    (Ticket.Asker.OTHER.value, "其他人"),
)
REASONS = (
    (Ticket.Reason.ELDERLY.value, "年纪大"),
    (Ticket.Reason.DISABLED.value, "有残疾"),
    (Ticket.Reason.OTHER.value, "生病或别的原因来不了"),
)
MODES = (
    ("代办", "代办：居民不用动，我们替他跑"),
    ("帮办", "帮办：居民来办，我们帮着填表备材料"),
    ("陪办", "陪办：我们的人陪着一起去"),
    ("导办", "导办：告诉怎么走、找谁，自己办"),
)


def _words(length: int = LONGEST_WORDS, **more: Any) -> forms.CharField:
    """A text that may stay empty as far as the form is concerned."""
    too_long = {"max_length": f"太长了，最多{length}个字。"}
    return forms.CharField(required=False, max_length=length, error_messages=too_long, **more)


class WantedForm(forms.Form):
    """What is looked for on the board."""

    words = _words(40)
    state = _words(12)
    community = forms.IntegerField(required=False)
    mine = forms.BooleanField(required=False)
    overdue = forms.BooleanField(required=False)

    @property
    def wanted(self) -> Wanted:
        """What was asked; what cannot be read is not asked."""
        self.full_clean()
        asked = self.cleaned_data
        state = asked.get("state", "")
        return Wanted(
            words=asked.get("words", ""),
            state=state if state in LABELS else "",
            community=asked.get("community"),
            is_mine=asked.get("mine", False),
            is_overdue=asked.get("overdue", False),
        )


class StepForm(forms.Form):
    """Everything that a step may need; each takes its own."""

    reason = _words()
    competent = _words(60)
    ems_number = _words(30)
    outcome = _words()
    note = _words()
    solved = forms.TypedChoiceField(
        required=False,
        choices=(("yes", "办好了"), ("no", "没办好")),
        coerce=lambda said: said == "yes",
        empty_value=None,
    )
    assignee = forms.ModelChoiceField(Staff.objects.filter(is_active=True), required=False)
    helper = forms.ModelChoiceField(Staff.objects.filter(is_active=True), required=False)


class MaterialForm(forms.Form):
    """Where a material is."""

    state = forms.ChoiceField(choices=TicketMaterial.State.choices)


class EvidenceForm(forms.Form):
    """A photo or a signature."""

    file = forms.FileField(error_messages={"required": "还没有选照片，或者还没有签字。"})
    kind = forms.ChoiceField(choices=(("photo", "照片"), ("signature", "签名")))


class ChangeForm(forms.Form):
    """What the resident wants changed; empty leaves it."""

    phone = _words(20)
    time_text = _words(60)
    address = _words(120)
    mode = forms.ChoiceField(required=False, choices=[(name, name) for name, _ in MODES])

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed, by the service's names."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "time_text" in given:
            given["time_at"] = appointment(given["time_text"]).at
        return given

    def clean_time_text(self) -> str:
        """A moment that has passed will not do."""
        return _coming(self.cleaned_data["time_text"])


class RatingForm(forms.Form):
    """What was said or done about a bad rating."""

    words = _words(500)


class CallerForm(forms.Form):
    """What somebody at the telephone, or at the door, asks for.

    ``key`` is made with the form: however often it is sent, it opens one ticket.
    """

    key = forms.UUIDField(error_messages={"required": "页面太旧了，请重新打开再填。"})
    item = forms.CharField(max_length=8)
    mode = forms.ChoiceField(choices=MODES, error_messages={"required": "选一种帮办方式。"})
    reason = forms.ChoiceField(choices=REASONS, error_messages={"required": "选一个原因。"})
    reason_text = _words(80)
    asker = forms.ChoiceField(choices=ASKERS, error_messages={"required": "选谁提出来的。"})
    name = forms.CharField(max_length=20, error_messages={"required": "姓名要填，只知道姓也行。"})
    phone = forms.RegexField(
        r"^[\d\s+-]{7,20}$",
        error_messages={"required": "电话要填。", "invalid": "电话应是7到12位数字，请核对。"},
    )
    address = forms.CharField(max_length=120, error_messages={"required": "地址或社区要填。"})
    time_text = forms.CharField(
        max_length=60, error_messages={"required": "什么时候方便要填，写“哪天都行”也可以。"}
    )
    emergency_contact = _words(60)
    id_number = forms.RegexField(
        r"^\d{17}[\dXx]$",
        required=False,
        error_messages={"invalid": "身份证号应是18位；不知道就空着。"},
    )
    groups = forms.MultipleChoiceField(
        required=False,
        choices=[(name, name) for name in GROUPS],
        widget=forms.CheckboxSelectMultiple,
    )
    situations = forms.MultipleChoiceField(required=False)
    yes = _words(100)

    def __init__(self, *args: Any, options: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["situations"]
        assert isinstance(chosen, forms.MultipleChoiceField)
        chosen.choices = [("", ""), *((option, option) for option in options)]

    def clean_phone(self) -> str:
        """Digits alone."""
        phone = "".join(c for c in self.cleaned_data["phone"].removeprefix("+86") if c.isdigit())
        if not 7 <= len(phone) <= 12:
            raise forms.ValidationError(f"电话应是7到12位数字，这里有{len(phone)}位。")
        return phone

    def clean_situations(self) -> list[str]:
        """What was answered; a question may be left open."""
        return [option for option in self.cleaned_data["situations"] if option]

    def clean_time_text(self) -> str:
        """A moment that has passed will not do."""
        return _coming(self.cleaned_data["time_text"])


def appointment(said: str) -> Appointment:
    """Read when somebody is at home; words that name no moment stand for themselves."""
    return time_in(said, clock.now()) or Appointment(said)


def _coming(said: str) -> str:
    at = appointment(said).at
    if at is not None and at <= clock.now():
        raise forms.ValidationError("这个时间已经过了，请换一个。")
    return said
