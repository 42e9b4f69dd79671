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
ALONE = "对不起，我这会儿有点慢，前面说的一下子接不上。您把事情说全一点，比如“社保卡丢了要带什么”；或者说“人工”，也可以打12345。"
TOO_OFTEN = "您问得太快了，我跟不上。话还在下面，等一分钟再发；急事打12345。"
APOLOGY = "对不起，我这边刚才出了点小问题，您的话已经记下了。请再说一遍，或者打12345问。"
NOT_OURS_AT_ALL = "这个我帮不上忙，我只懂街道和社区办的事，比如社保卡、居住证、老人补贴、营业执照。您有这方面的事尽管问我。"
NONE_OF_THESE = "都不是"
WHICH = "您问的是下面哪一件？"
IS_IT = "您问的是“{name}”吗？"
ASK_ITEM_FIRST = "您问的是哪一件事呢？说个名字就行，比如“社保卡”“居住证”“残疾人证”。"
EMPTY = "我没有收到文字，您再说一遍好吗？"
PHOTO_ALONE = "照片收到了，先替您留着。我看不懂照片里是什么，您说说是什么事、在哪儿，我一起记下来。"
REPORT = "我要反映问题"
TICKET_BY_PHONE = "请打12345，或者到街道大厅、就近的社区说一声，工作人员会登记并安排人跟您联系。"
PROXY_OFFER = "要我们的人帮您跑，说“帮我代办”就行。"
PROXY_WHICH = (
    "可以的，“小顶快跑”能代办、帮办、陪办，老人、残疾人和实在来不了的人都能点单。您想办的是哪一件？"
)

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
NEXT_BEST = "那您看是不是这几件？"
GUESSES = "还是没太明白。您想问的是不是下面哪一件？也可以说“人工”。"
NO_SUCH_NUMBER = "没有这个数，您看看要哪一个？"
CHOOSE_FIRST = "您先选一下，是哪一件？"
NOTED = "好的，我记着了。您想办哪一件事？说个名字就行，比如“社保卡”“尊老金”。"
COMPARE_WHAT = "您想跟哪一件比？说个名字就行。"
PART = "一共{count}样，第{number}样：{row}\n好了就说“下一项”。"
NO_MORE_PARTS = "{name}要带的{count}样都说完了。您还想知道哪一样？"
PRINTABLE = "“{name}”的一次性告知单在这里，打开就能打印，也能存成图片：\n{link}\n家里没有打印机，到大厅或社区说一声，工作人员给您打一张。"

SORRY = "对不起，让您着急了。我请工作人员来跟您说。"
NO_HURRY = "别着急，慢慢来，我请工作人员帮您。"
NOT_UNDERSTOOD_AGAIN = "对不起，我还是没听明白，请工作人员来帮您。"
CLERK_IS_HERE = "工作人员已经在看了，您直接说就行。"
QUEUE_NEXT = (
    "好的，已经叫了工作人员，下一个就是您，请等一等，别关页面。急的话也可以打12345，一直有人接。"
)
QUEUE_BEHIND = (
    "好的，已经叫了工作人员，前面还有{before}位，请等一等。急的话也可以打12345，一直有人接。"
)
OFFICE_CLOSED = "工作人员现在下班了，{when}有人。急的话打12345，一直有人接。"
ASK_CONTACT = "您留个电话号码，上班了我们打给您。不想留就说“不用了”。"
ASK_CONTACT_AGAIN = "这个号码好像不全，手机号是11位，您再说一遍好吗？不想留就说“不用了”。"
CONTACT_STILL = "要留电话就直接说号码。"
CONTACT_KEPT = "记下了，{phone}，{when}以后打给您。号码只有接您这件事的工作人员看得到。"
NO_CONTACT = "好的，不留电话。上班时间您随时可以再说“人工”，急的话打12345。"
PASSED_ON = "您的话已经转给工作人员了。"

DANGER_STAYS = "先顾安全，还没打的话请马上打{number}！"
DANGER_LATER = "脱险了跟我说一声“没事了”，我接着帮您。"
DANGER_REPORTED = "我已经通知了值班的工作人员。"
DANGER_NOTED = "我也给街道的工作人员留了急信，但别等他们，先打电话。"
DANGER_OVER = "没事就好。您歇一歇，还想问什么随时说。"
NO_DANGER = "好的，没事就好。您想问什么事？"

ERASE_REALLY = (
    "好的。删掉以后，您在这里说过的话和留的电话就都没有了，找不回来；只留下不带内容的次数。"
    "已经交办的单子按规定存档，不在里面。真的要删吗？"
)
ERASED = "都删掉了。您说过的话、留过的电话，这里都没有了。"
NOT_ERASED = "好的，不删，都还留着。"
REPEAT_NOTHING = "我们才刚开始呢。您想问什么事？"


def greeting(now: datetime) -> str:
    """Return the greeting that fits the office's time of day."""
    part = "早上好" if 5 <= now.hour < 11 else "下午好" if 12 <= now.hour < 18 else "您好"
    part = "晚上好" if now.hour >= 18 else part
    return f"{part}，我是智能助手{NAME}。街道和社区办的事都可以问我，您想办什么？"
