"""What lint found, in words for a clerk and at the field that she has to mend.

Lint speaks to programmers, in English and with the fields' names; what it does not know how to say
is shown as it is, at the top of the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.console.knowledge_words import label_of
from knowledge.changes import ITEM
from knowledge.lint import BRIEF_CHARACTERS, Finding
from knowledge.models import UNEXPECTED


@dataclass(frozen=True)
class Note:
    """One thing that is amiss (error) or could be better (warning); ``name`` is the field's."""

    name: str
    level: Literal["error", "warning"]
    text: str


# (rule, pattern of the message, field, sentence); groups of the pattern go into the sentence. A
# field ending in “*” is the row in which the first group stands.
_SAID: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("expired", r".* (.+)", "effective_until", "失效日期{0}已经过了。"),
    ("review-due", r".* (.+)", "next_review_on", "复核日期{0}到了，请核对一遍。"),
    ("few-phrasings", r"(\d+) < (\d+)", "phrasings", "居民的问法才{0}句，最好有{1}句。"),
    ("few-life", r"(\d+) < (\d+)", "phrasings", "“说家里的事”的问法才{0}句，最好有{1}句。"),
    ("near-duplicate", r"“(.+)” ~ “(.+)”", "phrasings*", "“{0}”和“{1}”几乎一样，留一句就行。"),
    ("shared-phrasing", r"“(.+)” is also at (.+)", "phrasings*", "“{0}”在{1}里也有，只能留一处。"),
    ("shared-alias", r"“(.+)” is also a name of (.+)", "aliases", "“{0}”也是{1}的叫法，居民这么说时小顶会反问。"),
    ("immediate-case", r".*promised (\d+) days", "handling.promised.days", "即办件当场办好，承诺天数要填0或空着，现在是{0}。"),
    ("promised-case", r".*", "handling.promised.days", "承诺件的天数要大于0；不知道几天就空着。"),
    ("day-units", r".*", "handling.promised.unit", "承诺时限和法定时限的单位要一样。"),
    ("promised-days", r"promised (\d+) > (\d+)", "handling.promised.days", "承诺{0}天，比法定的{1}天还长。"),
    ("basis", r"statutory .*", "handling.statutory.basis", "写了法定天数，就要写依据。"),
    ("basis", r"promised .*", "handling.promised.basis", "写了承诺天数，就要写依据。"),
    ("basis", r"fee “(.*)” has no basis", "fee.fees*", "收费“{0}”要写依据。"),
    ("basis", r"amount “(.*)” has no basis", "amounts*", "“{0}”写了标准，就要写依据。"),
    ("basis", r"condition “(.*)” has no basis", "accept_conditions*", "条件里有数字，就要写依据。"),
    ("basis", r"deadline “(.*)” has no basis", "deadlines*", "期限里有数字，就要写依据。"),
    ("basis", r"validity .*", "result.validity_basis", "有效期里有数字，就要写依据。"),
    ("basis", r"figure (\S+) in “(.*)” has no based field", "*", "“{1}”里的{0}在有依据的栏里找不到。请在条件、收费或发放标准里写上并注明依据，或者去掉这个数字。"),
    ("basis", r"point “(.*)” has a figure without basis", "points*", "检查点里有数字，就要写依据。"),
    ("basis", r"figure in the intro", "intro", "开头的话里不要写数字。"),
    ("visit-reason", r"(\d+) visits without a reason", "handling.visits.reason", "要跑{0}趟，请写为什么要到场。"),
    ("visit-reason", r"a reason for no visit", "handling.visits.reason", "一趟都不用跑，就不用写原因。"),
    ("no-way", r".*", "handling.visits.count", "不用到场又不能网办，就要能邮寄。"),
    ("fully-online", r".*", "handling.visits.count", "写了全程网办，跑的趟数要是0。"),
    ("online-path", r".*", "handling.online.where", "能网上办，请写走哪里。"),
    ("proxy", r".*", "handling.proxy.requirements", "能请人代办，请写代办人要带什么。"),
    ("steps", r".*", "handling.process_steps", "还没有办理步骤。"),
    ("fee", r"charged but no fee named", "fee.fees", "选了收费，请写收什么费。"),
    ("fee", r"not charged but fees named", "fee.charged", "选了不收费，下面却写了收费项目。"),
    ("fee", r"fee “(.*)” of .*", "fee.fees*", "收费要写名称和标准。"),
    ("result", r".*", "result.name", "办好以后拿到什么，请写上。"),
    ("result-kind", r"(.+) ends in .*", "result.kind", "“{0}”是证，类型要选“证照”。"),
    ("phones", r".*", "consult_phone", "咨询电话和监督电话不能是同一个。"),
    ("material-source", r"“(.*)” without a source", "materials*", "“{0}”从哪里来，最好写一句。"),
    ("material-count", r"“(.*)” counts no original", "materials*", "“{0}”要原件，份数要填1或更多。"),
    ("material-count", r"“(.*)” counts no copy", "materials*", "“{0}”要复印件，份数要填1或更多。"),
    ("situations", r"(\d+) > (\d+)", "situations", "最多问{1}个问题，现在有{0}个。"),
    ("situations", r"option ids .*", "situations", "有两个选项的编号一样，请删掉一个再加。"),
    ("situations", r"unknown option “(.*)”", "situations", "有的材料、条件或标准只给“{0}”，可是没有这个选项了。"),
    ("situations", r"“(.*)” has (\d+) options, needs (\d+)", "situations*", "“{0}”只有{1}个选项，至少要{2}个。"),
    ("situation-unused", r"“(.*)” .*", "situations*", "“{0}”问了也没用：没有材料或条件分情况。"),
    ("voice-brief", r"(\d+) > (\d+) .*", "voice.brief", f"这句有{{0}}个字，最多{BRIEF_CHARACTERS}个。"),
    ("too-few", r"aliases: (\d+) < (\d+)", "aliases", "别名才{0}个，最好有{1}个。"),
    ("too-few", r"needs: (\d+) < (\d+)", "needs", "难处才{0}条，最好有{1}条。"),
    ("too-few", r"faq: (\d+) < (\d+)", "faq", "常见问题才{0}条，最好有{1}条。"),
    ("too-few", r"conditions: .*", "accept_conditions", "最好写清楚条件。"),
    ("too-few", r"legal_basis: .*", "legal_basis", "最好写上依据的文件。"),
    ("web-address", r"web address in “(.*)”", "*", "“{0}”里有网址，请改成怎么走的话。"),
    ("phone-number", r"invented phone number in “(.*)”", "*", "“{0}”里有电话号码，号码只写在电话那一栏。"),
    ("phone-number", r"(\S+) is no national number.*", "consult_phone", "{0}不是全国统一号码，请确认是办公室的。"),
    ("catalogue", r"name: .* is not (.+)", "name", "这件事在目录里叫“{0}”，名称要一样。"),
    ("catalogue", r"category: .* is not (.+)", "category", "这件事在目录里归“{0}”，类别要一样。"),
    ("catalogue", r"audience: .*", "audience", "服务对象要和目录一样。"),
    ("reference", r"“(.*)” does not exist", "*", "编号“{0}”没有对应的事项。"),
)  # fmt: skip

# What cannot be read: the reader's words, and what a clerk is to do.
_UNREAD: Final = (
    (r"Expected `(?:int|float)", "这里要填整数。"),
    (r"Expected `(?:date|str)`?.*got `null`|Invalid (?:RFC3339|date)|Expected `date", "这里要填日期，比如2026-11-22。"),
    (r"Invalid enum value", "这里要从给出的词里选。"),
    (r"missing required field", "有一栏空着，请填上。"),
)  # fmt: skip
_WHERE = re.compile(r"`\$([^`]*)`")


def notes_of(kind: str, findings: Iterable[Finding], typed: Mapping[str, Any]) -> list[Note]:
    """Return findings as notes at the fields of a form filled with ``typed``."""
    return [note_of(kind, finding, typed) for finding in findings]


def by_field(notes: Iterable[Note]) -> dict[str, list[Note]]:
    """Return notes by the field they stand at, errors first."""
    found: dict[str, list[Note]] = {}
    for note in sorted(notes, key=lambda n: n.level != "error"):
        found.setdefault(note.name, []).append(note)
    return found


def note_of(kind: str, finding: Finding, typed: Mapping[str, Any]) -> Note:
    """Return one finding as a note."""
    if finding.rule == "unreadable":
        return _unread(kind, finding.message)
    for rule, pattern, name, sentence in _SAID:
        if rule == finding.rule and (match := re.fullmatch(pattern, finding.message, re.DOTALL)):
            groups = match.groups("")
            place = _place(typed, name[:-1], groups) if name.endswith("*") else name
            # A row that was just added has no name to quote yet.
            return Note(place, finding.level, sentence.format(*groups).replace("“”", "这一条"))
    return Note("", finding.level, finding.message)


def troubles_of(error: str) -> list[str]:
    """Return why something could not be published, a sentence each."""
    if error.startswith(UNEXPECTED):
        return [
            "上线时系统出了意外，网上的内容没有动，您写的也都在。请再提交一次；"
            f"还是不行，请告诉管系统的人：{error.removeprefix(UNEXPECTED)}。"
        ]
    return [_sentence(part) for part in error.split("; ") if part.strip()]


def _sentence(part: str) -> str:
    """Lint's line “error   SB13   basis   promised 3 …” in words; anything else as it is."""
    words = part.split(None, 3)
    if len(words) < 4 or words[0] not in ("error", "warning"):
        return part
    finding = Finding("error", words[1], words[2], words[3])
    return f"{words[1]}：{note_of(ITEM, finding, {}).text}"


def _unread(kind: str, message: str) -> Note:
    """Say which field cannot be read: “… - at `$.handling.promised.days`”."""
    found = _WHERE.search(message)
    name = re.sub(r"\[(\d+)\]", r".\1", found[1]).lstrip(".") if found else ""
    if found and found[1].startswith("[") and kind == ITEM:
        name = f"phrasings.{name}"
    said = next((text for pattern, text in _UNREAD if re.search(pattern, message)), message)
    path = re.sub(r"\.\d+", "", name)
    label = label_of(kind, path) if path else ""
    return Note(name, "error", f"{label}：{said}" if label else said)


def _place(typed: Mapping[str, Any], name: str, groups: Iterable[str]) -> str:
    """Return the row of a list, or for no list the field, in which a text stands."""
    texts = [text for text in groups if len(text) > 1]
    if name:
        rows: Any = typed
        for part in name.split("."):
            rows = (rows or {}).get(part)
        if not isinstance(rows, list):
            return name
        numbers = (n for n, row in enumerate(rows) if any(_holds(row, text) for text in texts))
        return next((f"{name}.{n}" for n in numbers), name)
    long = max(texts, key=len, default="")
    return next(iter(_fields_with(typed, long, "")), "")


def _fields_with(value: Any, text: str, name: str) -> Iterable[str]:
    if isinstance(value, Mapping):
        for part, inner in value.items():
            yield from _fields_with(inner, text, f"{name}.{part}" if name else str(part))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            at = f"{name}.{number}" if isinstance(inner, Mapping) else name
            yield from _fields_with(inner, text, at)
    elif isinstance(value, str) and value in text and len(value) * 2 > len(text):
        yield name


def _holds(row: Any, text: str) -> bool:
    if isinstance(row, Mapping):
        return any(_holds(value, text) for value in row.values())
    return isinstance(row, str) and row == text
