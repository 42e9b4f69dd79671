"""Which intent a message has where the classifier and the knowledge matcher do not agree.

The classifier knows how people steer a talk, the matcher knows what the office does. Whoever names
one of its things wants that thing, unless the classifier is surer of what it heard.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from nlu.protocol import Reading

ASKS = "ask_item"
# A question about the assistant itself is no reason to take a greeting or “你是谁” for a question.
ABOUT_ITSELF = "topic"
# The kind of what can be reported, among the matcher's records.
REPORT = "report"
# No classifier is surer than a match of this probability.
CERTAIN = 0.99
# Below this a classifier is not sure of a message that asks in plain words, or names our things.
SURE = 0.9
LIKELY = 0.7
ORDERS = "request_proxy"
# What is heard beside an order goes first.
KEEPS_ITS_INTENT = frozenset(
    {"human", "complain_bot", "cancel", "cancel_ticket", "change_ticket", "ask_progress", "rate"}
    | {"report_problem", "delete_data"}
)
# Somebody is to do the errand: an order in plain words, whatever item is named with it.
_ORDER = re.compile(
    r"(?:想|要|请|帮|麻烦|给我|找|叫|派|安排|能不能|可不可以|登记|约|点).{0,12}(?:代办|帮办|陪办|导办|跑腿|跑个腿|代跑)"
    r"|(?:请|麻烦)(?:一下)?你们.{0,4}跑"
    r"|你们.{0,6}(?:上门|来人|派人|来我?家).{0,4}(?:帮|替)(?:我|他|她|老人|忙)"
    r"|(?:请|找|让|叫)(?:一?个)?(?:社区|街道|网格员|工作人员|你们|人)(?:里|上)?(?:的人|的同志)?.{0,3}(?:帮忙?|替|代)(?:我|他|她|老人)?.{0,4}办"
    r"|(?:点|要|叫|约|用|下)(?:一?[个单次])?.{0,2}小顶(?:快跑|跑腿)|小顶(?:快跑|跑腿).{0,4}(?:点单|下单|来一?[个单次])"
    r"|(?:叫|派|请|安排|找|让)(?:一?个)?.{0,4}(?:人|网格员|你们|工作人员|社区).{0,4}(?:上门|[来到上]我?们?家|来办|来帮|跑一趟|来(?:吧|一下|一趟)?$)"
    r"|(?:帮|替|代)(?:我|他|她|老人|我[妈爸]|忙)?跑(?:一[趟下]|个腿)"
    r"|(?:找|请|叫|派|想|要)(?:一?个)?人?(?:你们)?.{0,3}陪(?:我|他|她|老人|同|着)|你们.{0,2}(?:帮着|帮忙|代|替)(?:我|他|她)?(?:办|跑|去)"
    r"|你们(?:能不能|可不可以|能|可以|肯)?(?:来人|来个人|派人|派个人|上门)(?:来)?(?:吗|不|么|呗|吧|行不行|好不好|一下)"
    r"|^(?:那|就|好|行|好的)?[，,]?(?:你们?)?(?:给|帮|替)我(?:也)?(?:办|登记|弄|申请|报)(?:一个|一下|一张|掉|上|了)?(?:吧|呗|嘛|好了)?$"
    r"|(?:就|那)(?:请|叫|让|派)(?:一?个)?人来(?:吧|好了|一下|一趟)?$"
    r"|(?:接着|继续)(?:办|填|弄)|(?:代办|单子).{0,3}(?:接着|继续)"
)
PERSON = "human"
DENIAL = "deny"
REPORTS, PROGRESS = "report_problem", "ask_progress"
# In the name of an item: somebody comes to the house.
AT_HOME = "上门"
# The facet of a question how far something is; whether it is of a case is not for the matcher.
PROGRESS_FACET = "progress"
PROXY_FACET = "proxy"
# Longer than an order is: somebody tells what happened, and asks.
LONG_STORY = 30
# A complaint in plain words is heard as one even where the classifier took it for a question.
OUTRANKED_BY_COMPLAINT = frozenset(
    {ASKS, "nlu_fallback", "inform_person", "qualify", "deny", "dont_understand"}
)
# A question, or a wish to know: no complaint yet.
_ASKS = re.compile(
    r"[吗呢么？?]|什么|啥|怎么|咋|哪|几[天个号点岁]|多少|多久|谁|能不能|可不可以|要不要|有没有|是不是|想问|问一下|问问|了解|材料|流程|条件"
)
# Something is wrong, and lasts or disturbs.
_WRONG = re.compile(
    r"没人(?:管|清|修|理|收)|坏|不亮|堵|占|乱[停扔堆搭]|吵|臭|扰民|噪音|漏|拖欠|欠.{0,4}(?:薪|工资|钱)|不给(?:钱|工资|发)|扔|抛|堆|飞线|态度|油烟|违建|投诉|举报|反映|不管|不动|危险|咬人"
)
# “还是没解决”, “我报的事处理了没”, “什么时候来人”: how far a case is, whatever it is about.
_FOLLOWS_UP = re.compile(
    r"(?:还是|到现在|至今|一直|^)(?:都|还)?没(?:有)?(?:人来|解决|处理|办好|弄好|修好)"
    r"|^(?:嗯+|哦|好的?)?[，,]?(?:已经|都|全|是)?(?:给我)?(?:解决|处理好|弄好|修好|清掉)了(?![没吗么])|(?:处理|解决)了(?:没有?|吗)|(?:处理|解决)(?:得|的)(?:怎么样|如何)|处理到哪"
    r"|(?:怎么|咋)(?:能)?(?:知道|晓得|看到|查)[^，。]{0,8}(?:处理|办)(?:没|了|得|到|的结果|结果|好)"
    # “一直没下文”, “怎么还没动静”.
    r"|(?:怎么|咋|还|一直|到现在|至今)(?:都|还)?没(?:有|个)?(?:动静|下文|消息|音信|回音|回话|反应)"
    r"|(?:什么时候|啥时候|几时|多久|几点|哪天)(?:能|会|才)?(?:来人|有人来|派人来)|(?:来人|有人来)了?没"
    r"|我?(?:上次|昨天|前天|之前|上个?[周月]|刚才)?(?:报|反映|投诉|登记|点)(?:的|过的?)(?:那个|这个|那件|单子|事|问题)?.{0,8}(?:了没|怎么样|到哪|几时|什么时候|好了吗)"
)
# A question about acting for somebody is none: may my son, what to bring, what it means.
_NO_ORDER = re.compile(
    r"(?:儿媳妇?|媳妇|女婿|孙子|孙女|外孙|侄子|外甥|姐|妹|哥|弟|爸|妈|儿子|女儿|闺女|老伴|邻居|朋友)[^，。,]{0,4}(?:说|讲|想|肯|愿意|答应|打算)[^，。,你]{0,4}(?:替|帮|代)我[^，。,]{0,4}(?:跑|办|去|来)"
    r"|(?:请|找)(?:了|的)?(?:外面)?(?:个|一个)?代办的"
    r"|(?:儿子|女儿|闺女|孩子|家里人|家人|家属|别人|老伴|老公|老婆|朋友|亲戚|邻居|我)(?:能|可以|可不可以|能不能|来|去)(?:不能)?[^，。,]{0,8}(?:代办|代我|替我|帮)"
    r"|(?:代办|帮办|陪办|导办)(?:的|人)?[^，。,]{0,2}(?:要(?!不要)|需要|得)?(?:带|准备|交|拿|什么|啥|哪些|材料|证件|手续|收|多少)"
    r"|(?:能不能|可不可以|能|可以|可否|是否可以|准不准)(?:请人|找人|叫人|让人|由人|由别人|请别人|找别人|让别人|别人)?代办"
    r"|什么(?:是|叫)|是什么|啥意思|什么意思|区别|不同"
)


# Somebody wants to be talked to by somebody: “找个人跟我讲”, “我不跟机器说”.
_TALKS_TO_PERSON = re.compile(
    r"(?:找|叫|喊|让|换|要|派)(?:一?[个位])?(?:真|活|大活)?(?:人|同志|师傅|工作人员)来?(?:跟|和|同|给|与)我?(?:们)?(?:讲|说|谈|聊|解释|回话|通话)"
    r"|不(?:想|要|愿意?)?(?:跟|和|同|与)(?:你这个?|这个?|一台)?(?:机器人?|电脑|录音)(?:讲|说|谈|聊|啰嗦|扯)"
    r"|(?:换|叫|找|喊)(?:一?[个位])?(?:真|活)人"
    r"|^.{0,8}(?:你们|政府|领导|街道).{0,3}给我?们?一?个(?:说法|交代)"
)


# “不是自己辞的才有吧” denies nothing: it asks whether that is so.
_ASKS_WHETHER_NOT = re.compile(r"^(?:是不是|不是)[^，。,\d]{5,}[吧吗么]\W*$")


def talks_to_person(text: str) -> bool:
    """Whether a message asks in plain words to be talked to by a person."""
    return bool(_TALKS_TO_PERSON.search(text))


def is_order(text: str) -> bool:
    """Whether a message plainly orders that somebody does an errand for the resident."""
    return bool(_ORDER.search(text)) and not _NO_ORDER.search(text)


def is_complaint(text: str, reading: Reading) -> bool:
    """Whether a message says that something is wrong outside, and asks for nothing."""
    ranked = reading.match.ranked
    if not ranked or _ASKS.search(text):
        return False
    if ranked[0].kind == REPORT:
        return reading.match.probability >= LIKELY
    return bool(_WRONG.search(text)) and any(each.kind == REPORT for each in ranked[:2])


def follows_up(text: str) -> bool:
    """Whether a message asks after something that was reported or ordered before."""
    return bool(_FOLLOWS_UP.search(text))


def _asks_in_a_story(text: str, reading: Reading) -> bool:
    """“…过了就能派人来，评的时候先找谁”: somebody comes in the story, but a question is asked."""
    is_sure = reading.match.decision == "answer" and reading.facet_is_cued
    asks = is_sure and reading.facets[0] != PROXY_FACET and _ASKS.search(_ORDER.sub("", text))
    return len(text) > LONG_STORY and bool(asks)


def _wants_service_at_home(text: str, reading: Reading) -> bool:
    """“请人上门给我洗澡”: coming to the house is the service itself, not an errand done for her."""
    order, best = _ORDER.search(text), reading.match.best
    if order is None or best is None or reading.match.probability < LIKELY:
        return False
    return AT_HOME in best.name and "办" not in order[0]


def plain_intent(intent: str, text: str, reading: Reading) -> str | None:
    """Return what a message orders, follows up or complains of in plain words, if it does."""
    if intent != PERSON and talks_to_person(text):
        return PERSON
    if intent in KEEPS_ITS_INTENT:
        return None
    if intent == DENIAL and _ASKS_WHETHER_NOT.search(text):
        return ASKS
    if is_order(text) and not (
        _asks_in_a_story(text, reading) or _wants_service_at_home(text, reading)
    ):
        return ORDERS
    if follows_up(text):
        return PROGRESS
    is_open = intent in OUTRANKED_BY_COMPLAINT
    return REPORTS if is_open and is_complaint(text, reading) else None


def settled_intent(
    intent: str, confidence: float, reading: Reading, outranked: Collection[str], doubted_at: float
) -> str | None:
    """Return ``ask_item`` where the matcher outranks the classifier, None where it does not.

    ``confidence`` is the classifier's (0..1); below ``doubted_at`` a plain question goes first.
    """
    if intent not in outranked or (intent == PROGRESS and PROGRESS_FACET in reading.facets[:1]):
        return None
    match = reading.match
    if not reading.has_subject:
        # “现在开门吗” names no item, but it plainly asks.
        return ASKS if reading.facet_is_cued and confidence < SURE else None
    if match.decision == "step_back" or match.best is None or match.best.kind == ABOUT_ITSELF:
        return None
    is_likelier = match.probability >= min(CERTAIN, confidence)
    is_likelier |= match.probability >= LIKELY and confidence < SURE
    return ASKS if is_likelier or (reading.facet_is_cued and confidence < doubted_at) else None
