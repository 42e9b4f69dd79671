"""Finds full names where residents say that they are names: “我叫王小明”, “联系人：李四”.

A surname alone (“我姓王”, “王阿姨”) stays: it identifies nobody and is needed to be polite. Works
on text without idle blanks; see ``find`` in privacy.
"""

from __future__ import annotations

import re

from bot.conversations.found import Found

_COMPOUND = "欧阳|上官|司马|诸葛|司徒|东方|夏侯|皇甫|尉迟|公孙|慕容|令狐|端木|宇文|长孙|南宫|独孤|申屠|太史|轩辕"
# Nearly always a surname when a name is due.
_SURE = (
    "王李张刘陈杨赵吴徐孙胡朱郭罗梁宋郑谢韩唐冯董萧曹袁邓沈彭吕卢蒋蔡贾丁魏薛叶阎潘杜戴姚谭廖邹熊郝"
    "崔邱侯邵孟雷钱尹黎贺赖龚樊殷颜倪芦俞葛邢岳耿牟詹凌靳祁覃霍翁裴鲍阮柯冉饶瞿戚滕臧褚蔺荆郎郜姬屠晏"
    "栾窦敖鄢仇楚佟匡聂岑梅莫庞兰汤陶洪季尤章鲁柳涂谷舒苗费纪童欧甄项喻"
)
# Also begin everyday words; those words stand behind each.
_DOUBTFUL = {
    "苏": "北南州",
    "黄": "河金石色州昏家连沙山花海豆土瓜疸线码牌",
    "周": "围期边年刊末长岁到二身六日一家五三四遭折",
    "高": "血速度级兴中校考原手等于大温出层山低效声压举涨龄空新位端分处职楼铁德",
    "林": "业区中地场",
    "何": "况必处以等时不在故人事种尝用方如者为止妨来物日地其",
    "马": "上路头力车桶尾",
    "许": "多可久配下愿诺",
    "曾": "经",
    "程": "度序式",
    "余": "下额地款万",
    "夏": "天季日",
    "钟": "头表点",
    "田": "地里间",
    "任": "务何期免职命意教由一",
    "姜": "",
    "范": "围例",
    "方": "面法式向案针便言才程位形圆",
    "石": "油头桥化门膏器碑灰板材",
    "金": "融属额钱牌花子色",
    "陆": "续地上",
    "孔": "",
    "白": "色天血内酒癜条卡跑化",
    "康": "复养华",
    "毛": "病巾",
    "秦": "淮",
    "江": "南苏西北山水边浦宁东阴",
    "史": "",
    "顾": "虑及客不",
    "龙": "头潭江",
    "万": "一年元岁分里事能",
    "段": "时落",
    "易": "于",
    "常": "常务见用年住委规驻识州",
    "武": "汉警器装",
    "文": "化学件字盲书凭体",
    "施": "工行",
    "安": "全排装置徽慰葬家检置心卓",
    "严": "重格厉",
    "牛": "奶肉皮",
    "温": "度暖馨",
    "申": "请报诉领办",
    "毕": "业竟",
    "焦": "虑急",
    "向": "前来上你您社街",
    "路": "上边过灯口面费由",
    "齐": "全",
    "庄": "稼",
    "管": "理道事家",
    "左": "右边手眼腿耳",
    "时": "间候常",
    "卜": "",
    "关": "于节系掉注心",
    "成": "年人立功都员",
    "游": "客泳戏",
    "阳": "台性光",
    "席": "位",
    "查": "询看到不",
    "单": "位亲身独元子据",
    "柏": "",
    "宁": "夏波",
    "解": "决释除放",
    "柴": "火油",
    "车": "祸子位库费辆险牌",
    "房": "子东产屋租本客主",
    "苑": "",
    "古": "代稀",
    "简": "单易",
    "符": "合",
    "党": "员组支",
    "穆": "",
    "连": "续带",
    "计": "划生算",
    "于": "是今去前昨上",
    "傅": "",
    "汪": "",
    "邰": "",
    "蓝": "色",
    "冷": "气",
    "花": "都钱费",
    "卓": "",
    "艾": "滋",
    "应": "该届当",
    "平": "时常台房",
    "甘": "肃",
    "景": "区点",
    "明": "天年白显",
    "包": "括子",
    "司": "机法",
    "水": "电费表管",
    "华": "侨人东",
    "池": "",
    "米": "",
    "鞠": "",
    "戈": "",
    "操": "",
    "蒲": "",
    "尚": "未",
    "干": "部活",
    "卞": "",
    "糜": "",
    "狄": "",
    "冒": "名充领用雨烟",
    "杭": "州",
    "丛": "",
    "伍": "",
    "韦": "",
    "翟": "",
    "闵": "",
    "辛": "苦",
    "祝": "愿您你",
    "边": "上远",
    "桂": "林",
    "娄": "",
    "郁": "金",
    "宗": "教族",
}
# Words of a surname and something else that a name never is.
_NO_NAME_WORDS = (
    "王字 孙子 孙女 孙媳 孙辈 孙儿 孙女儿 孙媳妇 孙女婿 罗马 徐州 苏州 郑州 沈阳 韩国 宋体 吴江 叶片 叶酸 谢谢 谢您 谢你 "
    "丁克 梁子 胡子 胡说 胡来 胡乱 雷电 雷锋 钱包 钱款 钱不 季度 季节 童工 童年 费用 费心 纪念 纪委 柳树 梅花 兰花 "
    "陶瓷 洪水 项目 舒服 张三李四 张嘴 杨树 刘海 朱门 董事 董事长 唐山 汤山 汤包 潘集 阎王 曹操 李子 陈述 陈旧 杜绝 "
    "郎中 章程 莫名 谷子 涂改 苗圃 欧洲 屠宰 敖包 楚地 仇人 岳父 岳母 霍乱 戚友 姬妾 侯鸟 熊猫 熊孩 孟子 孔子 老师"
)
_NO_NAMES = frozenset(_NO_NAME_WORDS.split())
_TITLES = (
    "先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|大娘|大叔|大伯|大姐|大哥|大嫂|叔叔|伯伯|爷爷|奶奶|婆婆|老师|老板|老太|老头"
    "|主任|书记|医生|大夫|护士|经理|站长|所长|局长|科长|处长|队长|组长|村长|会长|院长|校长|律师|警官|民警|法官|工程师|教授|委员"
    "|家[的里人]|姓|某|叔|婶|姨|姐|哥|嫂|爷|奶|伯|总|工$|老"
)
_NEVER_IN_NAMES = "的了吗呢吧么啥谁您你我他她它们这那哪很没还再又被把给跟和与或但就都也吃拿卡证费险税请问帮过着户口病残人去"
_GIVEN = rf"[一-鿿](?<![{_NEVER_IN_NAMES}])"
_AFTER = re.compile(
    r"$|[，,。.；;：:！!？?、\s（）()“”\"'<0-9０-９\0/]"
    r"|今年|现年|现在|现住|现|年龄|年纪|年|岁|家住|住|家里|电话|手机|号码|联系|身份证|身份|证件|户口|户籍|地址|生日|出生|性别|残疾|低保"
    r"|是|想|要|来|能|可以|可不|男|女|我|您|你|他|她|也|都|和|跟|与|有|没|不|先生|女士|同志|本人|去年|昨天|前|刚|刚刚|已经|得了|得|患"
    r"|怎么|咋|什么|请|请问|麻烦|帮|申请|办|报|反映|投诉|预约|打|说|讲|在|从|去|到|把|被|给|这|那|的|吗|呢|吧|啊|呀|哦|了|快|八|七|六|九|五|四|三|二|一"
)
_KIN = (
    r"(?:儿子|女儿|闺女|妈妈|妈|爸爸|爸|母亲|父亲|老伴|爱人|老公|老婆|妻子|丈夫|家属|家人|孙子|孙女|媳妇|女婿|弟弟|弟|妹妹|妹"
    r"|哥哥|哥|姐姐|姐|邻居|监护人|外甥|侄子|侄女|外孙|奶奶|爷爷|外婆|外公|朋友|同事|亲戚)"
)
_AFTER_I_AM = re.compile(
    rf"$|[，,。.；;！!？?、\s（(<]|的(?:{_KIN}|户口|身份|证|卡|低保|电话|名)|去年|前年|昨天|(?:今年|现年|家住|住在|住|电话|手机|身份证|想|要|来|男|女|年龄)"
)
_PERSON = (
    r"(?:我|俺|他|她|爸|妈|爹|娘|老伴儿?|老公|老婆|丈夫|妻子|爱人|孩子|儿子|女儿|闺女|小孩|宝宝|娃娃?|孙子|孙女|父亲|母亲|奶奶"
    r"|爷爷|外婆|外公|婆婆|公公|岳父|岳母|哥哥?|姐姐?|弟弟?|妹妹?|媳妇|女婿|老人家?|老太太|老头子|邻居|本人|病人|患者|残疾人)"
)
_ROLE = r"(?:户主|联系人|申请人|经办人|代办人|委托人|受委托人|收件人|监护人|持卡人|参保人|当事人|户名|本人|法定代表人|负责人)"
_RELATIVE = r"(?:爸爸?|妈妈?|父亲|母亲|老伴儿?|老公|老婆|爱人|丈夫|妻子|奶奶|爷爷|外婆|外公|婆婆|公公|儿子|女儿|孙子|孙女|岳父|岳母)"
_NAMED = (
    rf"{_PERSON}的?(?:名字|姓名|大名)?(?:是|就?叫做?|名叫|：|:)(?:是|做)?"
    r"|(?:名字|姓名|全名|真名|大名)(?:就?是|叫做?|为|写的?是|：|:)"
    rf"|{_ROLE}(?:姓名|名字)?(?:是|叫做?|名叫|为|：|:)"
    r"|姓[一-鿿][，, ]?(?:名字?)?(?:就?叫做?|名叫)"
)
_TRIGGER = re.compile(
    rf"(?P<am>我就?是|这(?:里|边)是)|(?P<named>{_NAMED})|(?P<bare>姓名|名字|{_ROLE}|我{_RELATIVE}(?![叫名的是姓就]))(?= ?[一-鿿])"
)
# “我是临江社区的王秀英”
_OF = re.compile(r"[一-鿿]{2,8}?的")
_MARKS = re.compile(
    r"叫|姓名|名字|大名|真名|全名|我是|我就是|这边是|这里是|[主人]|我[爸妈父母老爱丈妻奶爷外婆公儿女孙岳]"
)
_IS = re.compile(r"(?:是|：|:)$")
_CALLED = re.compile(r"叫做?$|名叫$|(?:姓名|名字|全名|真名|大名).*$")
# Where nothing says “called”, only the frequent ones count.
_FREQUENT = "黄周高林何马许曾程余夏钟田任姜范方石金陆孔白康毛秦江史顾龙万段"
_SURNAME = re.compile(rf"{_COMPOUND}|[{_SURE}{''.join(_DOUBTFUL)}]")
_GIVENS = re.compile(rf"(?:{_GIVEN}){{1,2}}")
_TITLE = re.compile(_TITLES)
_WHOLE = re.compile(
    r"(?:我叫|叫|我是|是|姓名|名字)?[：:是]?(?P<name>[一-鿿]{2,4})[。，,！!啊呀吧]?"
)
# “我叫车了”
_CALLED_FOR = "车"
# As a third character these rather begin what follows the name, unless nothing follows them.
_GOES_ON = "今现要在有是没不办住电手身岁给从打来想能会"
_HARD_END = re.compile(r"$|[，,。；;：:！!？?、\s]")


def find_names(text: str, *, is_expected: bool = False) -> list[Found]:
    """Find names, leftmost first, none overlapping."""
    if is_expected and (whole := _whole(text)):
        return [whole]
    if not _MARKS.search(text):
        return []
    found: list[Found] = []
    at = 0
    while trigger := _TRIGGER.search(text, at):
        at = trigger.end() + (text[trigger.end() : trigger.end() + 1] == " ")
        length = _length(text, trigger, at)
        if not length and trigger["am"] and (whose := _OF.match(text, at)):
            at = whose.end()
            length = _length(text, trigger, at)
        if length:
            found.append(Found("name", at, at + length, text[at : at + length]))
            at += length
    return found


def _whole(text: str) -> Found | None:
    """A message that is nothing but a name, when a name was asked for."""
    said = _WHOLE.fullmatch(text)
    if said is None or said["name"] in _NO_NAMES:
        return None
    surname = _SURNAME.match(said["name"])
    if surname is None or not _GIVENS.fullmatch(said["name"], surname.end()):
        return None
    if _TITLE.match(said["name"], surname.end()):
        return None
    return Found("name", *said.span("name"), said["name"])


def _length(text: str, trigger: re.Match[str], start: int) -> int:
    """How many characters from ``start`` on are a name; 0 if they are none."""
    surname = _SURNAME.match(text, start)
    if surname is None or (trigger["bare"] and _is_rare(surname[0])):
        return 0
    if _TITLE.match(text, surname.end()):
        return 0
    is_called = trigger["named"] is not None and _CALLED.search(trigger["named"]) is not None
    after = _AFTER if trigger["named"] and is_called else _AFTER_I_AM
    third = surname.end() + 1
    goes_on = text[third : third + 1] in _GOES_ON and not _HARD_END.match(text, third + 1)
    for given in (1, 2) if goes_on else (2, 1):
        end = surname.end() + given
        if not _GIVENS.fullmatch(text, surname.end(), min(end, len(text))) or end > len(text):
            continue
        if _is_word(text[start:end], surname[0], is_called):
            continue
        if after.match(text, end):
            return end - start
    return 0


def _is_rare(surname: str) -> bool:
    return surname in _DOUBTFUL and surname not in _FREQUENT


def _is_word(said: str, surname: str, is_called: bool) -> bool:
    if said in _NO_NAMES or said[:2] in _NO_NAMES:
        return True
    if is_called and len(said) == 2:
        return surname in _CALLED_FOR
    return said[1] in _DOUBTFUL.get(surname, "")
