"""How replies are told on the telephone: keys for choices, numbers twice, a question last."""

from __future__ import annotations

import pytest

from bot.actions.context import Guide
from bot.actions.intake import phrases
from bot.channels.phone.saying import saying
from bot.conversations.messages import Button, Offer, Reply
from knowledge.files import KnowledgeFiles
from tests.bot.phoning import asks_phone, asks_yes

HUMAN = Button("找人工", "human")


def which(shipped: KnowledgeFiles, count: int = 2) -> Reply:
    """“您问的是下面哪一件” of some items."""
    ids = sorted(shipped.items)[:count]
    names = [shipped.items[i].name for i in ids]
    buttons = [Button(n, f"ask:{i}:fee") for i, n in zip(ids, names, strict=True)]
    lines = "\n".join(f"{n}. {name}" for n, name in enumerate(names, start=1))
    return Reply(
        kind="clarify",
        text=f"您问的是下面哪一件？\n{lines}",
        slot="item",
        candidates=tuple(Offer(i, n, 0.4) for i, n in zip(ids, names, strict=True)),
        buttons=(*buttons, Button("都不是", "none")),
    )


def test_a_choice_is_told_with_its_keys(guide: Guide, shipped: KnowledgeFiles) -> None:
    told = saying(which(shipped), guide)
    first, second = (shipped.items[i].short_name for i in sorted(shipped.items)[:2])
    assert told.parts == (
        (
            "您问的是哪一件？",
            f"要问{first}，请说第一个，或者按1。",
            f"要问{second}，请说第二个，或者按2。",
            "都不是，请按3。",
        ),
    )
    assert told.expects == "choice"
    assert [button.payload for button in told.buttons][-1] == "none"


def test_the_names_of_what_was_offered_are_listened_for(
    guide: Guide, shipped: KnowledgeFiles
) -> None:
    told = saying(which(shipped), guide)
    assert set(guide.names(sorted(shipped.items)[0])) <= set(told.hot_words)
    item = sorted(shipped.items)[5]
    answered = saying(Reply(kind="answer", text="不收费。", item=item), guide)
    assert shipped.items[item].short_name in answered.hot_words


@pytest.mark.parametrize("kind", ["ticket_opened", "report_opened"])
def test_the_number_of_what_was_opened_is_told_twice(guide: Guide, kind: str) -> None:
    text = phrases.OPENED.format(number="261123 0047", community="临江社区")
    told = "".join(saying(Reply(kind=kind, text=text), guide).parts[0])  # type: ignore[arg-type]
    assert told.count("261123 0047") == 2
    assert told.index("登记好了") < told.index("我再说一遍")


def test_what_is_read_back_is_told_in_one_go_and_waits_for_yes(guide: Guide) -> None:
    rows = "，".join(f"第{n}项内容写在这里" for n in range(9))
    told = saying(asks_yes(f"我念一遍，您听对不对：\n{rows}。"), guide)
    assert len(told.parts) == 1
    assert told.expects == "yes_no"
    assert told.parts[0][-1] == "都对吗？对请按1，不对请按2。"


def test_a_confirmation_that_asks_what_is_wrong_waits_for_words(guide: Guide) -> None:
    reply = Reply(kind="confirm", text=phrases.WHAT_IS_WRONG, slot="confirm", buttons=(HUMAN,))
    assert saying(reply, guide).expects == "free"


def test_a_form_asks_its_question_last(guide: Guide) -> None:
    told = saying(Reply(kind="ask_slot", text=phrases.ASK["time"], slot="time"), guide)
    assert told.parts == (("比如“周四下午”，随便哪天也行。", "哪天什么时候方便？"),)
    together = saying(
        Reply(kind="ask_slot", text=phrases.ASK_ALL.format(whom="您"), slot="name"), guide
    )
    assert together.parts[0][-1].endswith("？")
    assert len(together.parts[0]) <= 3


def test_a_phone_number_is_waited_for_in_digits(guide: Guide) -> None:
    assert saying(asks_phone(), guide).expects == "digits"


def test_the_modes_can_be_pressed(guide: Guide) -> None:
    buttons = tuple(Button(mode, f"say:{mode}") for mode in ("代办", "帮办", "陪办", "导办"))
    reply = Reply(kind="ask_slot", text=phrases.ASK["mode"], slot="mode", buttons=(*buttons, HUMAN))
    told = saying(reply, guide)
    assert told.expects == "choice"
    assert told.buttons == buttons
    assert told.parts[0][-1] == "代办按1，帮办按2，陪办按3，导办按4。"


def test_marks_out_of_five_have_their_own_keys(guide: Guide) -> None:
    buttons = tuple(Button(f"{n}分", f"say:{n}分") for n in range(5, 0, -1))
    told = saying(Reply(kind="ask_slot", text="您打几分？", buttons=buttons), guide)
    assert [button.title for button in told.buttons] == ["1分", "2分", "3分", "4分", "5分"]
    assert told.parts == (("您打几分？",),)


def test_a_situation_is_asked_for_after_the_answer(guide: Guide) -> None:
    buttons = (
        Button("本人来", "tell:A001:self"),
        Button("请别人代办", "tell:A001:proxy"),
        Button("要不要钱", "ask:A001:fee"),
        HUMAN,
    )
    text = "要带这些：\n1. 甲\n2. 乙\n3. 丙\n4. 丁\n5. 戊\n是本人来吗？"
    reply = Reply(kind="answer", text=text, item="A001", slot="situation", buttons=buttons)
    told = saying(reply, guide)
    assert told.parts[0][-1] == "还有2样，要接着听吗？"
    assert told.parts[1][-2:] == ("是本人来吗？", "本人来按1，请别人代办按2。")
    assert len(told.buttons) == 2


def test_danger_is_told_as_it_was_worded(guide: Guide) -> None:
    reply = Reply(kind="emergency", text="请马上打119！快跑。", speech=("请马上打119！", "快跑。"))
    assert saying(reply, guide).parts == (("请马上打119！", "快跑。"),)


def test_what_merely_may_be_asked_next_is_no_choice(guide: Guide, shipped: KnowledgeFiles) -> None:
    item = sorted(shipped.items)[0]
    buttons = (Button("要带什么", f"ask:{item}:materials"), Button("几天", f"ask:{item}:duration"))
    reply = Reply(kind="answer", text="不收费。", item=item, buttons=buttons)
    assert saying(reply, guide).expects == "free"


def test_local_words_are_listened_for_and_read_as_the_office_says() -> None:
    term = {"word": "六合", "canonical": "六合", "kind": "old_name", "spoken": "陆合"}
    guide = Guide(
        {"terms": {"六合": term, "大红本": {**term, "canonical": "户口簿", "spoken": ""}}}
    )
    told = saying(Reply(kind="answer", text="请到六合路12号。"), guide)
    assert "陆合路" in "".join(told.parts[0])
    assert guide.local_words() == ["六合", "大红本", "户口簿"]
