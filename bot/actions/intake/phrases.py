"""What residents read while a ticket or a report is being taken down. Plain, short, kind."""

from __future__ import annotations

MODES_EXPLAINED = (
    "代办：您不用动，我们替您跑；帮办：您来办，我们帮着填表、备材料；"
    "陪办：我们的人陪您一起去；导办：告诉您怎么走、找谁，您自己办。"
)
# Asked for alone, and asked for again when the answer was not understood.
ASK = {
    "item": "您想办的是哪一件事？说个名字就行，比如“尊老金”“老年公交卡”。",
    "item_of": "您想办的是下面哪一件？\n{choices}",
    "reason": "想请您说一下：为什么自己不方便来？比如年纪大、残疾、生病走不动。",
    "mode": f"您要哪一种？{MODES_EXPLAINED}",
    "name": "{whom}叫什么名字？",
    "phone": "联系电话是多少？",
    "address": "住在哪个小区几栋，或者哪个社区？",
    "time": "哪天什么时候方便？比如“周四下午”，随便哪天也行。",
    "location": "在什么地方？说小区几栋，或者路口、店名都行。",
    "description": "是什么情况？您说说看到的。",
    "contact": "要不要留个电话，好把处理结果告诉您？不想留就说“不留”，匿名也办。",
}
ASK_AGAIN = {
    "item": "这件事我没听准。您换个叫法说说看？",
    "reason": "您直接说就行，比如“我八十了”“腿不好”“眼睛看不见”。",
    "mode": f"您说“代办”“帮办”“陪办”或者“导办”就行。{MODES_EXPLAINED}",
    "name": "名字我没听清，您再说一遍，比如“我叫王某某”。",
    "phone": "这个号码好像不全：手机是11位，座机8位。您再说一遍好吗？",
    "address": "地方我没听清，您说小区名和几栋，或者社区名字就行。",
    "time": "这个时间我没听懂，您说“明天上午”“周四下午三点”这样就行。",
    "location": "地方我没听清，您说小区名字、几栋，或者旁边有什么店。",
    "description": "您说说是什么情况，一句话就行。",
    "contact": "要留就直接说号码；不留就说“不留”。",
}
ASK_ALL = "请告诉我：{whom}叫什么名字、联系电话、住哪个小区或社区、哪天方便。可以一起说，也可以一样一样来。"
WHY_NEEDED = {
    "item": "不知道是哪件事，我没法给您派人。说个大概也行。",
    "reason": "派人上门的单子要写明缘由，说一句就行，比如“年纪大了”。",
    "mode": MODES_EXPLAINED,
    "name": "上门的人要知道找谁，只有办这件事的人看得到，只姓也行，比如“姓王”。",
    "phone": "来之前要先给您打电话，免得白跑；没有手机，留座机、家里人或邻居的号码也行。号码加密存，只有办这件事的人看得到。",
    "address": "要知道派哪个社区的人去；不想说门牌，说社区或小区名字就行。",
    "time": "不急的话，说“哪天都行”就可以。",
    "location": "不知道在哪儿，没法派人去看。说个大概的地方也行。",
    "description": "说一句看到了什么就行。",
    "contact": "不留也行，匿名一样办。",
}
REFUSED_TWICE = "没关系，不勉强。这张单子先不开，我请工作人员跟您说。"
TIME_PAST = "{words}已经过了，您看换个什么时候？"
BEGIN = "好的，给您登记{mode}“{item}”。"
BEGIN_PLAIN = "好的，给您登记，请我们的人帮您跑。"
GO_ON = "好的，接着来。"
NOTED = "好，记下了。"
CHANGED = "改好了。"
ONLY_IN_PERSON = (
    "“{item}”要本人当面办，别人替不了。{visit}我们可以陪您去（陪办），或者先帮您备好材料（帮办）。"
)
HOME_VISIT = "腿脚不便的可以约上门。"
GUIDED = (
    "“小顶快跑”的代办是给老人、残疾人和实在来不了的人跑的，您这样自己办更快：{how}\n"
    "要是不清楚怎么走，我给您登记导办，有人指点您；家里有特别的难处，也请直接告诉我。"
)
GUIDED_PLAIN = (
    "“小顶快跑”的代办是给老人、残疾人和实在来不了的人跑的。您要办哪一件？我告诉您怎么办最快。"
)
READ_BACK = "我念一遍，您听对不对：\n{rows}\n都对的话说“对”，就是委托我们办这件事，办完为止，最长半年；哪样不对直接说。"
WHAT_IS_WRONG = "哪一样不对？直接说对的就行，比如“电话是138……”“改成周五上午”。"
STILL_OPEN = "刚才那张单子还等您一句话：都对的话说“对”，不办了说“算了”。"
OPENED = (
    "登记好了，单号{number}。{community}的人会先打电话跟您约，再去办。问进度、改时间，随时跟我说。"
)
OPENED_AGAIN = "已经登记过了，单号{number}，不用再报。"
DROPPED = "好的，不办了，什么都没有提交。您想问别的，随时说。"
KEPT_FOR_YOU = "刚才填的我给您留着，说“接着办”就行。"
FAILED = "对不起，刚才没登记上，您填的都还在。请再说一遍“对”，或者说“人工”。"

REPORT_IT = "我要反映"
RATHER_REPORTED = "“{kind}”不用登记代办。说一声“我要反映”，我就记下来，交给{role}去看。"
REPORT_WHAT = "您说，是什么事、在哪里？一句话就行，比如“3栋2单元楼道灯不亮”。"
NOBODY_IS_TOLD = "放心，谁报的不会告诉对方；不留号码就是匿名，办事的人也看不到。"
REPORT_BEGIN = "好的，“{kind}”这件事我记下来，交给{role}。"
REPORT_READ_BACK = "我念一遍，您听对不对：\n{rows}\n都对的话说“对”，我就交办；哪样不对直接说。"
REPORT_WHAT_IS_WRONG = "哪一样不对？直接说对的就行，比如“是11栋”“电话是138……”。"
REPORT_OPENED = "登记好了，编号{number}，已经交给{role}，{due}给结果。有进展会告诉您。"
DUE_TODAY, DUE_BEFORE = "今天之内", "{day}前"
PHONE_NOT_WHOLE = "这个号码好像不全：手机是11位，座机8位。"
NEVER_WHOLE = "这个号码我总是听不全，不折腾您了。"
PHOTO_TAKEN = "照片收到了。"
REPORT_JOINED = "这件事已经有人报过了，我把您也加上，编号{number}，{role}正在办。有进展一起告诉您。"
REPORT_DROPPED = "好的，不报了，什么都没有提交。"

NO_CASE = "您在这里还没有登记过单子。{ask}"
ASK_LOOKUP_PHONE = "请说一下登记时留的电话号码。"
ASK_LOOKUP_NUMBER = "单号是多少？十位数，登记的时候告诉过您。"
LOOKUP_DROPPED = "好的，不查了。您想问别的，随时说。"
NOT_CHANGED = "好的，不改，还是原来的。"
CHANGE_WHAT = "单号{number}“{item}”，您要改什么？改时间就说新的时间，改电话就说新的号码。"
CHANGE_DONE = "改好了：{rows}。单号还是{number}。"
WITHDRAW_REALLY = "单号{number}“{item}”，真的不办了吗？说“对”就撤掉。"
WITHDRAWN = "好的，单号{number}已经撤掉了。以后要办，随时再说。"
WITHDRAW_NOT = "好的，不撤，接着给您办。"
TOO_LATE = "单号{number}现在是“{state}”，{why}"
RATE_HOW = "单号{number}“{item}”，您打几分？1分到5分，5分最满意。也可以直接说“满意”“不满意”。"
RATED_GOOD = "谢谢您，{score}分记下了。"
RATED_BAD = "对不起，没让您满意。{score}分记下了，我们会打电话听您说，{days}个工作日里给您改好。"
SOLVED = "太好了，记下了，谢谢您告诉我们。"
REOPENED = "好的，单号{number}重新办，马上另派人，办好为止。"
