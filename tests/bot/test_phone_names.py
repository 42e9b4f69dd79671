"""Names as a recogniser writes them."""

from __future__ import annotations

import pytest

from bot.channels.phone.names import name_heard


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("他交往秀英", "叫王秀英"),
        ("她叫王秀英", "叫王秀英"),
        ("我叫李大强", "叫李大强"),
        ("里大强", "叫李大强"),
        ("姓张叫张三", "姓张叫张三"),
        ("嗯 我 叫 陈 小 妹", "叫陈小妹"),
        ("我不想说名字", "我不想说名字"),
        ("要带什么材料", "要带什么材料"),
        ("身份证要不要", "身份证要不要"),
        *((said, said) for said in ("", "好的", "等一下", "为什么", "人工", "姓张", "再说一遍")),
    ],
)
def test_a_name_is_found_by_its_sound(heard: str, name: str) -> None:
    assert name_heard(heard) == name
