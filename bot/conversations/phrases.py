"""The fixed sentences residents read or hear. Plain, short, kind; figures come from records."""

from __future__ import annotations

from datetime import datetime

NAME = "小顶"
HUMAN_PAYLOAD = "human"
NOTICE = (
    "我是顶山街道的智能助手小顶，不是真人。咱们说的话会记下来，用来把事情办好；"
    "电话、身份证号和门牌会先遮住再存。随时可以说“人工”。"
)
EXAMPLES = (
    "社保卡芯片坏了想换一张，要带啥",
    "我妈80岁了，尊老金怎么领",
    "旧沙发不要了，找谁来拉",
    "周六上班吗",
)
UNVERIFIED = "（内容待窗口核实）"
ASK_WINDOW = "以窗口核实为准"
NOT_UNDERSTOOD = (
    "对不起，这句我没听明白。您换个说法试试，比如“社保卡坏了怎么换”，或者“居住证要带什么材料”。"
    "也可以说“人工”，请工作人员帮您。"
)
APOLOGY = "对不起，我这边刚才出了点小问题，您的话已经记下了。请再说一遍，或者打12345问。"
NOT_OURS_AT_ALL = "这个我帮不上忙，我只懂街道和社区办的事，比如社保卡、居住证、老人补贴、营业执照。您有这方面的事尽管问我。"
NONE_OF_THESE = "都不是"
WHICH = "您问的是下面哪一件？"
ASK_ITEM_FIRST = "您问的是哪一件事呢？说个名字就行，比如“社保卡”“居住证”“残疾人证”。"
EMPTY = "我没有收到文字，您再说一遍好吗？"
TICKET_BY_PHONE = "请打12345，或者到街道大厅、就近的社区说一声，工作人员会登记并安排人跟您联系。"

SMALL_TALK = {
    "thanks": "不客气，应该的。还有什么事尽管问我。",
    "goodbye": "好的，您慢走。有事随时来找我。",
    "slower": "好的，我慢一点，一句一句说。",
    "louder": "好的，我大声一点。字看不清的话，可以点上面的“长辈版”。",
    "affirm": "好的。您还想知道哪一样？要带的材料、在哪办、几天好，都可以问。",
    "deny": "好的。那您想问的是什么？换个说法告诉我，或者说“人工”。",
    "cancel": "好的，不办了，什么都没有提交。您想问别的，随时说。",
    "help": "我能告诉您街道和社区193件事怎么办：要带什么、去哪办、几天好、要不要钱、能不能代办。"
    "您就像跟人说话一样问，比如“社保卡坏了怎么换”。要找真人，说“人工”。",
    "who_are_you": "我是顶山街道的智能助手小顶，不是真人。办事要什么、去哪办，您问我；要找真人，说“人工”就行。",
    "dont_understand": "是我没说清楚。您想知道哪一样：要带什么、去哪办，还是要多少天？也可以说“人工”。",
    "complain_bot": "对不起，没帮到您。您再说一句想办的事，我重新找；或者说“人工”，请工作人员跟您讲。",
    "language": "我说普通话，南京话也能听懂一些。您慢慢说就行。I can only speak Chinese; please call 12345 for help in English.",
}
REPEAT_NOTHING = "我们才刚开始呢。您想问什么事？"


def greeting(now: datetime) -> str:
    """Return the greeting that fits the office's time of day."""
    part = "早上好" if 5 <= now.hour < 11 else "下午好" if 12 <= now.hour < 18 else "您好"
    part = "晚上好" if now.hour >= 18 else part
    return f"{part}，我是智能助手{NAME}。街道和社区办的事都可以问我，您想办什么？"
