"""What the fields of a record are called on the pages, and what is written into them."""

from __future__ import annotations

from typing import Final

from knowledge.changes import AMBIGUOUS, ITEM, OUT_OF_SCOPE
from knowledge.mapping import COLUMNS, LISTS, RENAMED
from knowledge.sheets import ITEM_HEADS
from knowledge.sheets import LISTS as SHEETS

FACET_WORDS: Final = {
    "overview": "怎么办",
    "conditions": "条件",
    "materials": "材料",
    "process": "步骤",
    "where": "在哪办",
    "when": "时间",
    "fee": "收费",
    "amount": "能领多少",
    "duration": "多久办好",
    "online": "网上办",
    "proxy": "代办",
    "progress": "查进度",
    "result": "办好拿到什么",
}
STYLE_WORDS: Final = {
    "plain": "平常话",
    "elderly": "老人的话",
    "life": "说家里的事",
    "short": "短话",
    "asr": "语音听岔的",
    "typo": "错别字",
    "long": "长话",
    "dialect": "方言",
}
# What stands in the record, and what the pages call it.
CHOICES: Final[dict[str, str]] = {
    **FACET_WORDS,
    **STYLE_WORDS,
    "written": "自己写的",
    "mined": "对话里来的",
    "imported": "表格里来的",
    "hall": "街道为民服务大厅",
    "community": "社区党群服务中心",
    "hours": "当时的开门时间",
    "places": "登记在册的网点",
    "": "不附",
}

# Item fields by section; what stands in none is kept as it is and not shown.
ITEM_SECTIONS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("名称和对象", ("name", "short_name", "aliases", "category", "item_type", "audience", "scope")),
    ("条件", ("accept_conditions", "exclusions")),
    ("分情况问的问题", ("situations",)),
    ("材料", ("materials",)),
    ("怎么办、多久", ("handling",)),
    ("地点和期限", ("places", "window", "deadlines", "consult_phone", "supervise_phone")),
    ("收费和发放", ("fee", "amounts")),
    ("办理结果", ("result",)),
    ("常见问题和易混的事", ("faq", "not_this", "needs")),
    ("电话里怎么说", ("voice",)),
    ("居民怎么问", ("phrasings",)),
    (
        "依据、来源和有效期",
        (
            "implementing_body",
            "accepting_body",
            "deciding_body",
            "exercise_level",
            "legal_basis",
            "source",
            "effective_from",
            "effective_until",
            "next_review_on",
        ),
    ),
)
NAMES_OF_SECTIONS: Final = {ITEM: ITEM_SECTIONS}

_LISTS_OF_ITEM = {
    sheet.model: (".".join(LISTS.get(sheet.model, ("phrasings",))), sheet) for sheet in SHEETS
}
ITEM_LABELS: Final[dict[str, str]] = {
    **{".".join(path): ITEM_HEADS[column] for column, path in COLUMNS.items()},
    **{path: sheet.name for path, sheet in _LISTS_OF_ITEM.values()},
    **{
        f"{path}.{RENAMED.get(model, {}).get(column, column)}": head
        for model, (path, sheet) in _LISTS_OF_ITEM.items()
        for column, head in sheet.heads.items()
    },
    "not_this.item": "容易跟哪件弄混（编号）",
    "situations.options": "选项",
    "situations.options.label": "选项",
    "situations.options.words": "居民怎么说",
    "handling": "",
    "handling.statutory": "法定办结时限",
    "handling.promised": "承诺办结时限",
    "handling.visits": "跑几趟",
    "handling.online": "网上办理",
    "handling.proxy": "请人代办",
    "fee": "收费",
    "result": "",
    "voice": "",
    "source": "内容来源",
    "handling.statutory.days": "天数",
    "handling.statutory.unit": "单位",
    "handling.statutory.basis": "依据",
    "handling.promised.days": "天数",
    "handling.promised.unit": "单位",
    "handling.promised.basis": "依据",
}
# Of records that are no items.
OTHER_LABELS: Final[dict[str, str]] = {
    "name": "名称",
    "aliases": "别的叫法",
    "intro": "开头的话",
    "items": "有关的事项（编号）",
    "items.item": "事项编号",
    "items.who": "谁去办",
    "items.deadline": "期限",
    "items.note": "说明",
    "phrasings": "居民怎么问",
    "competent": "归谁管",
    "competent.body": "单位",
    "competent.phone": "全国统一电话",
    "competent.why": "为什么归它",
    "answer": "怎么回答",
    "number": "打什么电话",
    "safety": "保命的话",
    "report": "要不要告诉值守人员",
    "words": "一听就知道的词",
    "responsible_role": "谁负责",
    "due_working_days": "几个工作日内办完",
    "linked_item": "对应的事项编号",
    "urgent": "急件",
    "site": "什么场所",
    "points": "检查点",
    "points.name": "查什么",
    "points.in_order": "合格的样子",
    "points.basis": "依据",
    "papers": "手边备好的材料",
    "legal_basis": "依据",
    "legal_basis.title": "文件名称",
    "legal_basis.article": "条款",
    "adds": "后面附上",
    "kind": "类型",
    "address": "地址",
    "phone": "电话",
    "hours": "开门时间",
    "hours.workday": "工作日",
    "hours.weekend": "双休日",
    "hours.holiday": "法定节假日",
    "opens": "开门",
    "closes": "关门",
    "hours.note": "说明",
    "verified": "已跟窗口核实",
    "estates": "管到的小区",
    "texts": "答不了的话",
    "candidates": "可能是（编号）",
}

HINTS: Final[dict[str, str]] = {
    "aliases": "一行一个。居民平时怎么叫就怎么写。",
    "scope": "一句话说清楚谁、什么时候来办。",
    "audience": "",
    "exclusions": "一行一条。",
    "needs": "一行一条，居民心里想的难处，比如“卡丢了看不了病”。",
    "situations": "最多两个问题。居民答了，就只说跟她有关的材料和条件。",
    "situations.options.words": "一行一种说法。",
    "materials": "一样材料一格。只有某种情况才要的，勾上那个选项。",
    "handling.proxy.requirements": "一行一样。",
    "handling.online.where": "说走哪里点什么，不写网址。",
    "handling.promised": "不知道几天就空着，不要猜。",
    "handling.statutory": "法律没有规定就空着。",
    "fee.charged": "不清楚就选“不清楚”，小顶会照实说。",
    "voice.brief": "打电话的人先听到这一句，60个字以内。",
    "voice.pronunciation": "一行一个，写成“词=怎么念”。",
    "voice.hot_words": "一行一个。",
    "phrasings": "同一句话不要跟别的事项重复。",
    "effective_until": "过了这一天自动停用。",
    "next_review_on": "到了这一天提醒编辑核对。",
    "consult_phone": "没有公开的号码就空着。",
    "safety": "一行一句，最要紧的放前面。",
    "items": "一行一个编号。",
    "candidates": "一行一个编号。",
    "texts": "一行一句。",
    "words": "一行一个，“…”代表中间可以隔几个字。",
    "estates": "一行一个。",
    "papers": "一行一样。",
}
# One line is not enough for these.
LONG: Final = frozenset(
    [
        *("scope", "text", "note", "answer", "basis", "reason", "where", "why", "intro"),
        *("in_order", "tell_apart", "brief", "standard"),
    ]
)
# Set by the program, or on a page of their own.
HIDDEN: Final = frozenset({"version", "state", "verified", "verified_by", "verified_on"})


def label_of(kind: str, path: str) -> str:
    """Return what a field is called: by its path, else by its own name."""
    labels = ITEM_LABELS if kind == ITEM else OTHER_LABELS
    last = path.rpartition(".")[2]
    if kind in (OUT_OF_SCOPE, AMBIGUOUS):
        return OTHER_LABELS.get(path, path)
    return labels.get(path, labels.get(last, last))


def hint_of(kind: str, path: str) -> str:
    """Return what is written into a field, empty where its label says it."""
    if kind != ITEM and path in ("aliases", "phrasings"):
        return "一行一个。"
    return HINTS.get(path, "")
