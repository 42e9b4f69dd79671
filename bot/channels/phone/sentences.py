"""The sentences that only a telephone call needs. Plain, short, kind; what to do comes last.

What the line itself says (greeting, silence, keys) is ``voice``'s.
"""

from __future__ import annotations

GO_ON_ROWS = "还有{count}样，要接着听吗？"
GO_ON = "还没说完，要接着听吗？"
NO_MORE = "好的，不说了。"

CHOOSE = "要问{name}，请说{place}个，或者按{key}。"
NONE_OF_THESE = "都不是，请按{key}。"
OPTION = "{title}按{key}"
YES_OR_NO = "都对吗？对请按1，不对请按2。"
SAY_IT = "您请讲，好吗？"
NUMBER_AGAIN = "我再说一遍，{number}。"

NOT_HEARD = "对不起，我没听清，请再说一遍。"

CALLER_NUMBER = "就用您现在打来的这个号码吗，尾号{tail}？"
SAY_NUMBER = "请一位一位地说，也可以用电话按。"
NUMBER_RIGHT = "我听到的是{number}，对吗？"
NUMBER_GOES_ON = "听到了{number}，还差几位，请接着说。"
NUMBER_WRONG = "我听到的是{number}，一共{count}位。手机号是11位，请再说一遍。"
NUMBER_ONCE_MORE = "好的，请把号码再说一遍。"

CALL_BACK = "工作人员现在接不了电话，请他们给您打回来。"
ASK_NUMBER = "打哪个号码找您？"
CALL_BACK_NOTED = "记下了，工作人员会打{number}找您。"
CALL_BACK_KNOWN = "已经请工作人员给您回电话了。"
NO_CALL_BACK = "好的，不留号码。有急事请打12345。"

# Notes for the clerk who calls back.
ABANDONED_TICKET = "电话断了，代办的单子还没填完"
ABANDONED_REPORT = "电话断了，反映的问题还没登记完"
REFUSED = "打来时线路全忙，没有接上，请回电话"

# Named in the greeting.
OFFICE = "顶山街道"

# What the line says when it cannot take a call, or cannot go on.
LINE_FULL = ("对不起，现在电话都占着线。", "我们会给您打回来，急事请打12345。")
LINE_BROKEN = ("对不起，我这边出了问题，只好先挂了。", "请您再打一次，或者打12345。")
NOT_PASSED_ON = ("对不起，没有转过去。", "请过一会儿再打来，急事请打12345。")
