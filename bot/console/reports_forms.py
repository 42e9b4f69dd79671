"""What staff type in about reports, and which step it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bot.accounts.models import Staff
from bot.accounts.policies import Action, may
from bot.casework.numbers import number_in
from bot.evidence.pictures import LARGEST_BYTES
from bot.evidence.services import upload_take
from bot.reports import services
from bot.reports.errors import Unsuitable
from bot.reports.models import Report
from bot.reports.opening import ReportRequest
from bot.reports.states import LIFE
from knowledge.record import ReportKind

MOST_PHOTOS: Final = 9
LONGEST: Final = 500
_NEEDED: Final = {"required": "这里要填。", "max_length": f"太长了，最多{LONGEST}个字。"}


class PhotosInput(forms.ClearableFileInput):
    """Takes several pictures at once."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several pictures, at least one."""

    widget = PhotosInput(attrs={"accept": "image/*", "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the files; raises ValidationError."""
        files: Sequence[UploadedFile] = data if isinstance(data, list) else [data] if data else []
        if not files:
            raise forms.ValidationError("要有一张整改后的照片。")
        if len(files) > MOST_PHOTOS:
            raise forms.ValidationError(f"一次最多{MOST_PHOTOS}张照片，分两次传。")
        return [super(PhotosField, self).clean(file, initial) for file in files]


def _words(label: str, *, is_required: bool = True, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=is_required,
        max_length=LONGEST,
        help_text=hint,
        error_messages=_NEEDED,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class StepForm(forms.Form):
    """Nothing to type; ``offered`` is what a step lets choose from."""

    def __init__(self, *args: Any, offered: Sequence[tuple[Any, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered


class AssignForm(StepForm):
    """To whom."""

    responsible = forms.TypedChoiceField(
        label="交给谁", coerce=int, error_messages={"required": "请选一个人。"}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["responsible"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*self.offered]


class EvidenceForm(StepForm):
    """Pictures and a few words."""

    photos = PhotosField(label="整改后的照片")
    words = _words("怎么处理的", is_required=False)


class SendBackForm(StepForm):
    """What is still wrong."""

    reason = _words("哪里还没整改好")


class CloseForm(StepForm):
    """The answer to those who reported it."""

    answer = _words("答复居民", hint="居民原样看到这句话，写清楚怎么处理的。")


class RefuseForm(StepForm):
    """Why, and whose it is."""

    reason = _words("为什么不受理", hint="居民会看到。")
    competent = forms.CharField(
        label="这件事归哪里管", max_length=100, help_text="比如：区城管局", error_messages=_NEEDED
    )


class JoinForm(StepForm):
    """Into which."""

    into = forms.CharField(
        label="并入哪一件",
        max_length=40,
        help_text="写编号，或从列表里选。",
        error_messages=_NEEDED,
        widget=forms.TextInput(attrs={"list": "joinable", "autocomplete": "off"}),
    )


def _evidence(report: Report, staff: Staff, said: Mapping[str, Any]) -> Report:
    taken = [upload_take(file.read(LARGEST_BYTES + 1), staff=staff) for file in said["photos"]]
    return services.report_give_evidence(
        report, staff, said["words"], [upload.upload_id for upload in taken]
    )


def _named(words: str) -> Report:
    number = number_in(words)
    found = Report.objects.filter(number=number).first() if number else None
    if found is None:
        raise Unsuitable(f"没有编号是“{words.strip()}”的诉求，请核对一下。")
    return found


@dataclass(frozen=True)
class StepOnPage:
    """A step as it is offered: who may, what it asks for, what it calls."""

    action: Action
    form: type[StepForm]
    take: Callable[[Report, Staff, Mapping[str, Any]], Report]
    button: str = ""


STEPS: Final[dict[str, StepOnPage]] = {
    "start": StepOnPage(Action.REPORT_WORK, StepForm, lambda r, s, _: services.report_start(r, s)),
    "close": StepOnPage(
        Action.REPORT_CLOSE,
        CloseForm,
        lambda r, s, said: services.report_close(r, s, said["answer"]),
        "办结，告诉居民",
    ),
    "give_evidence": StepOnPage(Action.REPORT_WORK, EvidenceForm, _evidence, "交照片"),
    "send_back": StepOnPage(
        Action.REPORT_CLOSE,
        SendBackForm,
        lambda r, s, said: services.report_send_back(r, s, said["reason"]),
    ),
    "assign": StepOnPage(
        Action.REPORT_ASSIGN,
        AssignForm,
        lambda r, s, said: services.report_assign(r, s, Staff.objects.get(pk=said["responsible"])),
    ),
    "join": StepOnPage(
        Action.REPORT_JOIN,
        JoinForm,
        lambda r, s, said: services.report_join(r, s, _named(said["into"])),
    ),
    "refuse": StepOnPage(
        Action.REPORT_REFUSE,
        RefuseForm,
        lambda r, s, said: services.report_refuse(r, s, said["reason"], said["competent"]),
    ),
}


@dataclass(frozen=True)
class Offer:
    """A step that somebody may take now, with its form."""

    name: str
    label: str
    button: str
    form: StepForm
    is_open: bool

    @property
    def is_plain(self) -> bool:
        """Whether nothing is to be typed."""
        return not self.form.fields


def offers(
    report: Report, staff: Staff, people: Sequence[tuple[Any, str]], typed: StepForm | None = None
) -> list[Offer]:
    """Return the steps that somebody may take now, the way forward first and open.

    ``typed`` is the form that was sent and not taken.
    """
    possible = LIFE.open_steps(report.state)
    names = [
        name for name, step in STEPS.items() if name in possible and may(staff, step.action, report)
    ]
    found = []
    for name in names:
        step = STEPS[name]
        again = typed is not None and type(typed) is step.form and bool(typed.fields)
        form = typed if again and typed else form_of(name, None, None, people)
        label = LIFE.steps[name].label
        is_open = again or name == next((n for n in names if STEPS[n].form is not StepForm), "")
        found.append(Offer(name, label, step.button or label, form, is_open))
    return found


def form_of(name: str, data: Any, files: Any, people: Sequence[tuple[Any, str]]) -> StepForm:
    """Return the form of a step, filled with what was sent if anything was."""
    return STEPS[name].form(data, files, offered=people, auto_id=f"{name}-%s")


class ReportForm(forms.Form):
    """A report on behalf of a caller, or from one's own round."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label="什么事", error_messages={"required": "请选一类。"})
    source = forms.ChoiceField(
        label="从哪里来",
        choices=[
            (Report.Source.HOTLINE, "居民打电话来的"),
            (Report.Source.STAFF, "居民到窗口说的"),
            (Report.Source.PATROL, "巡查看到的"),
        ],
        widget=forms.RadioSelect,
        initial=Report.Source.HOTLINE,
    )
    place = forms.CharField(
        label="在哪里",
        max_length=100,
        required=False,
        help_text="小区和楼栋写上，好派给这一片的人。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = _words("怎么回事")
    phone = forms.CharField(
        label="居民的电话",
        max_length=20,
        required=False,
        help_text="不愿留就空着，算匿名。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kinds: Sequence[ReportKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = {kind.kind_id: kind for kind in kinds}
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "请选择"), *((k.kind_id, _kind_label(k)) for k in kinds)]

    def clean_phone(self) -> str:
        """Return the digits of a number; raises ValidationError."""
        digits = "".join(c for c in self.cleaned_data["phone"] if c.isdecimal())
        if self.cleaned_data["phone"].strip() and not 7 <= len(digits) <= 12:
            raise forms.ValidationError("电话号码不对，请核对一下。")
        return digits

    def request(self) -> ReportRequest:
        """Return what is to be opened."""
        said = self.cleaned_data
        return ReportRequest(
            kind=self.kinds[said["kind"]],
            place=said["place"].strip(),
            description=said["description"].strip(),
            phone=said["phone"],
            is_anonymous=not said["phone"],
            source=said["source"],
        )


class VerdictForm(forms.Form):
    """What a resident said when she was called."""

    number = forms.CharField(max_length=10)
    solved = forms.TypedChoiceField(
        choices=[("1", "解决了"), ("0", "没解决")], coerce=lambda value: value == "1"
    )
    words = forms.CharField(max_length=LONGEST, required=False)


def _kind_label(kind: ReportKind) -> str:
    haste = "加急" if kind.urgent else f"{kind.due_working_days}个工作日"
    return f"{kind.name}（{haste}）"
