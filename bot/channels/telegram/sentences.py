"""The sentences that only a Telegram chat needs. Plain, short, kind, like those of ``phrases``."""

from __future__ import annotations

COMMANDS = (
    ("start", "从头开始"),
    ("help", "我能帮您什么"),
    ("human", "找工作人员"),
)
OUT_OF_DATE = "这个按钮是前面那段话的，已经不管用了。您想问什么，直接打字告诉我就行。"
PICTURE_LOST = "这张照片我没收下来，麻烦再发一次。"
FILE = "您发的东西收到了，可我现在还打不开。您把想问的事打几个字告诉我，好吗？"
VOICE = "语音收到了，可我现在还听不了。麻烦您打几个字，我马上回您。"
STICKER = "收到您的表情了。有什么事要办，打几个字告诉我就行。"
LOCATION = "位置收到了，可我现在还不会看地图。您告诉我是哪个社区，或者问“大厅在哪”，我跟您说地址。"
CONTACT = "名片收到了，不过我用不上，也没有留下。您想办什么，打几个字告诉我就行。"
EDITED_TOO_LATE = "您改过的话我看到了。为了不弄错，请把改好的那句重新发一遍，我按新的来。"
PRIVATE_ONLY = "这事要说到您自己的情况，群里大家都看得见。请点我的头像，点“发消息”，咱们单独说。"
NO_PRIVATE_DATA_HERE = (
    "提醒您：群里大家都看得见，电话、证件号、门牌请别发在这里，刚才那条最好删掉。"
)
