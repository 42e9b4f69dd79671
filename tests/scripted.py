"""A dialogue engine that answers from a list: for tests of pages, which only care how replies look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.conversations.messages import Answer, Button, Offer, Reply
from nlu.protocol import DialogueUnavailable

MATERIALS = "\n".join(
    [
        "社保卡补换——",
        "要带这些：",
        "1. 持卡人本人的居民身份证（原件1份，电子的也行）。出示电子身份证（“苏服办”里的电子证照）也可以，以窗口核实为准",
        "2. 【卡还在，要换】旧的社保卡（原件1份）",
        "3. 【请别人代办】代办人的居民身份证（原件1份）",
        "4. 近期白底证件照（原件1份，电子的也行）。有就带，没有也行",
        "（内容待窗口核实）",
    ]
)
HUMAN = Button("找人工", "human")
ANSWER = Reply(
    kind="answer",
    intent="ask_item",
    text=MATERIALS,
    item="SB13",
    facet="materials",
    answers=(Answer("SB13", "materials", MATERIALS),),
    buttons=(
        Button("在哪办", "ask:SB13:where"),
        Button("几天办好", "ask:SB13:duration"),
        Button("能不能代办", "ask:SB13:proxy"),
        HUMAN,
    ),
)
SITUATION = Reply(
    kind="answer",
    intent="ask_item",
    text="居住证——\n大家都要带：本人的居民身份证、近期相片。\n您是因为上班、租房住，还是孩子上学来办？",
    item="GA02",
    facet="materials",
    answers=(Answer("GA02", "materials", "居住证"),),
    slot="situation",
    buttons=(
        Button("有工作", "tell:GA02:work"),
        Button("有房住", "tell:GA02:home"),
        Button("在读书", "tell:GA02:study"),
        Button("在哪办", "ask:GA02:where"),
        HUMAN,
    ),
)
SCRIPT: tuple[tuple[str, Reply], ...] = (
    ("老年卡", Reply(
        kind="clarify",
        intent="ask_item",
        text="您问的是下面哪一件？",
        candidates=(Offer("GG08", "老年人公交优惠乘车卡办理", 0.6), Offer("MZ10", "老年人优待证办理", 0.5)),
        slot="item",
        buttons=(
            Button("老年人公交优惠乘车卡办理", "ask:GG08:overview"),
            Button("老年人优待证办理", "ask:MZ10:overview"),
            Button("都不是", "none"),
        ),
    )),
    ("人工", Reply(kind="handover", intent="human", text="好的，正在帮您找工作人员，请稍等。")),
    ("你好", Reply(kind="smalltalk", intent="greet", text="早上好，我是智能助手小顶。您想办什么？")),
    ("护照", Reply(
        kind="referral", intent="ask_item", text="护照归出入境管理部门办。", buttons=(HUMAN,)
    )),
    ('"option": "work"', Reply(
        kind="answer", intent="ask_item", item="GA02", facet="materials",
        text="居住证——\n您有工作，再带上劳动合同就行。",
        answers=(Answer("GA02", "materials", "再带上劳动合同就行。"),),
    )),
    ("居住证", SITUATION),
    ("GA02", SITUATION),
    ("社保卡", ANSWER),
    ("SB13", ANSWER),
)  # fmt: skip
UNKNOWN = Reply(kind="fallback", text="对不起，这句我没听明白。您换个说法试试。", buttons=(HUMAN,))


@dataclass
class ScriptedDialogue:
    """Answers with the first reply of the script whose words stand in what was said."""

    script: tuple[tuple[str, Reply], ...] = SCRIPT
    is_away: bool = False
    asked: list[str] = field(default_factory=list)

    def send(self, sender: str, text: str, metadata: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the reply; raises DialogueUnavailable while away."""
        if self.is_away:
            raise DialogueUnavailable("ConnectError")
        self.asked.append(text)
        reply = next((reply for words, reply in self.script if words in text), UNKNOWN)
        custom = json.loads(json.dumps(reply.as_json()))
        return [{"recipient_id": sender, "custom": custom}]

    def is_ready(self) -> bool:
        """Whether it is there."""
        return not self.is_away
