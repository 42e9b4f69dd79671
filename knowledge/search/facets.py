"""Which side of the item a resident asks about: what to bring, where, how much, ….

A multinomial linear classifier, trained on the phrasings, weighs character groups and plain cues
(“要带什么”), those of the clause that asks above those of the story around it; the reader, which takes
the message as a whole, has a say too. One message may ask for several facets.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from knowledge.search.analysis import content
from knowledge.search.encoder import TRAINED_DIR
from knowledge.search.linear import LinearClassifier, train_linear
from knowledge.search.reader import shipped_reader

FACETS_FILE = TRAINED_DIR / "facets.npz"
OVERVIEW = "overview"
MOST_FACETS = 3
# A cue beside the best facet counts as a second question from this probability on.
CUED_SHARE = 0.15
# A clause that asks on its own counts as a question of its own from this probability on.
SURE_CLAUSE = 0.5
# Where the best is less probable than this, the second is told too if it is at least that probable.
DOUBTED, SECOND = 0.8, 0.15
# How much the reader's word counts beside the classifier's.
READER_SHARE = 0.35
# Values of the features; cues weigh more, so that regularisation does not wash them out.
STORY, ASKING, CUED, ASKING_CUED = 0.3, 1.0, 1.0, 4.0
SHORTEST_ASKING, LONGEST_ASKING = 5, 20
STRENGTH = 0.5
# Stories of some phrasings are put before the questions of others for training: what one has been
# through says nothing about what one wants to know.
COMPOSED_SHARE = 0.6
LONGEST_TAIL = 16
_FILLERS = re.compile(r"[嗯呃唔]+|(?<=[嗯呃 ])那个(?=[嗯呃 ])")
_CLAUSE = re.compile(r"(?<=[,，。;；?？!！\n])|\s+|(?=还有|另外|顺便)")
_ASKS = re.compile(
    r"[吗呢嘛?？]|什么|啥|哪|几|多少|多久|怎么|咋|谁|(.)不\1|(.)没\2|阿[^姨婆爸妈]|可[能要以有]"
    r"|还是|行不|成不|给不|[不没啵噻哇][\W_]*$"
)
# “几天内”: a deadline, unless what follows is what the office does within it.
_WITHIN = (
    r"(?:(?:几|多少)个?(?:天|日|月|工作日|星期|礼拜|小时|年)|多久|多长时间)"
    r"(?:(?:之|以)?[内里]|(?:之|以)前)"
)
_OFFICE_ACTS = r"(?:能|会|可以|给|有[人结答回]|来|好|批|出|下来|到账|修|答复|回复|办完|解决)"
_DEADLINE = rf"{_WITHIN}(?!.{{0,2}}{_OFFICE_ACTS})"
# Words that ask, and words for whoever asks: what remains without them is the subject.
_WITHOUT_SUBJECT = re.compile(
    r"带|拿|准备|材料|证件|手续|东西|复印件|原件|什么|啥|哪些|哪样|哪里|哪儿|哪块|哪边|哪天|哪个|哪|在|到|去"
    r"|地方|窗口|部门|地址|怎么|怎样|咋|办理|办好|办|弄|搞|申请|领取|领|拿到|条件|资格|符合|流程|步骤|先后|分|几步"
    r"|几天|几号|几点|多久|多长时间|多少天|多少|当天|时候|时间|截止|要钱|收费|收钱|费用|免费|块钱|钱"
    r"|每个月|一个月|每月|一年|网上|手机上|手机|线上|代办|代|替|帮|上门|本人|儿子|女儿|孙子|老伴|家人|我妈|我爸|妈妈|爸爸"
    r"|妈|爸|家里|家|社区|街道|大厅|周[一二三四五六日末天]|星期[一二三四五六日天]|礼拜[一二三四五六天]|今天|明天|周末"
    r"|开门|上班|下班|进度|批|下来|寄到|寄|快递|邮寄|有效期|结果|可以|可不可以|能不能|行不行|要不要|需不需要|是不是"
    r"|管不管|归不归|管吗|管得[了着]|能|行|要|需要|得|想|问|知道|告诉|说|讲|看|我们|我|你们|你|您|他|她|它|人|别人|这个|那个|这|那|就是|就|是|有没有|有"
    r"|没有|没|不|还|也|都|再|又|一下|一个|个|给|把|让|叫|跟|和|的|了|呢|吗|嘛|啊|呀|吧|哦|哎|好|请|麻烦|阿|现在|最|快"
    r"|早|晚|[\W_]"
)

_CUES: dict[str, str] = {
    "materials": r"材料.{0,2}(讲|说|报|念|介绍)|(讲|说|报|念).{0,3}材料|带什么|带啥|带哪|要带|带些|带上|揣什么|什么材料|啥材料|哪些材料|材料要|材料有|什么证件|啥证件|哪些证件|要什么东西|要啥东西"
    r"|准备什么|准备哪些|准备些|准备啥|准备好哪|要备(?:什么|啥|哪|些|好|齐)|备哪些|备齐|备好哪|什么手续|啥手续|哪些手续"
    r"|(户口本|身份证|照片|病历|合同|房产证|房本|结婚证|复印件|条子|发票|证明|单子).{0,4}(要不要|要带|需不需要|要吗|用不用|够不够|行不行)"
    r"|(要不要|需不需要|用不用).{0,8}(户口本|身份证|照片|相片|病历|合同|房产证|房本|结婚证|复印件|条子|发票|单子|材料)"
    r"|材料清单|要哪些材料|复印件|才料|要.{0,4}(照片|相片|户口本|身份证|病历|证明|合同|发票)(吗|不|么|嘛)|拿什么|拿啥|拿哪|交什么|交哪些|交啥|哪些东西|几张(照片|相片)|(照片|相片)要|出示什么|还差什么|算不算材料|开什么(纸|条|证)|什么代替",
    "conditions": r"什么条件|啥条件|条件是|够不够格|够格|符合|(?:有|够|没).{0,2}资格|(?:什么|啥|哪些)资格|资格(?:要求|条件)|能不能办|能办吗|能申请吗|可以申请吗|能领吗|能不能领|可以办吗|能不能申请"
    r"|有没有资格|算不算|什么人能|哪些人能|谁能办|谁可以|轮得到|满足|多大岁数|几岁(能|可以|才)|阿能(领|办|申请)|可有份|有我的份|够得上|给不给办|给办吗"
    r"|多少岁|多大(岁数|年纪|年龄)|给哪些人|给什么人|哪些人(能|可以|有|给)|什么人(能|可以|有)|要几级|几级(才|能|可以)|才(行|给|能领|能办)"
    r"|给(哪种人|啥人)|什么样的人|啥样的人|哪种人|哪类人|什么要求|啥要求|门槛|有(什么|啥)限制|单身.{0,6}(能|可以|行|给)"
    r"|一个人.{0,4}(能办|能申请|能不能|可不可以|可以)|够了[吧吗不没]|(满|住|交|缴|失业|结婚|断|工作|干).{0,4}(几|多少|多久).{0,5}才"
    r"|(?:挣|拿|收入|工资|岁|年|个月).{0,6}够不够|才算|算得上|算吗|能算|参加吗|碍事|碍不碍|要不要紧|要紧吗|影不影响|有影响吗|有没有影响|有没有关系|有关系吗",
    "process": r"流程|步骤|分几步|几步|哪几步|先.{1,8}(再|后)|先到哪|先去哪|先干|头一步|第一步|下一步|几道手续|怎么个程序|程序是|顺序|先后|一步一步|一步步|一样一样讲"
    r"|哪个在前|哪样在前|谁在前|先找谁|是先.{1,14}还是先|先.{1,10}还是先|签(谁|我|在?哪)|这?[栏格].{0,4}(填|写)|(完了|之后|以后|好了|下来了?|接下来|然后|完)[,，]?(再|还|该|要|下面|呢|干|做|还有啥|还有什么).{0,3}(做|干|走|什么|啥|手续|哪|办|呢)"
    r"|捋|跑几趟|几关|几道|哪个先|头一个|流程|下面怎么走|走哪些程序|要不要(先|公示|预约)|咋走|怎么走手续|从头到尾",
    "where": r"在哪|(?<![先后再])[到去]哪|往哪去|上哪|哪里办|哪里(领|交|开|取|报|买|申请)|哪块|哪儿|哪边|哪(报名|领|交|开|办|买)|什么地方|啥地方|地址(在|是|给|讲|说|告诉|有)|怎么走|窗口在|哪个部门|哪个窗口|哪个衙门"
    r"|社区(能|给|可以)|社区.{0,2}(行不行|能不能)|附近|找谁|找哪个|找哪家|归哪|归谁|该找|该叫|去老家|还是去|到你们这|发.{0,3}(地址|定位|位置)|什么位置|(地址|位置|定位)发|就近|回(老家|户口)|哪家|哪个(医院|银行|所|单位|大厅|点)"
    r"|(?:电话|号码|热线)(?:号码)?(?:是|报|给)?(?:多少|几号|哪个|什么)|(?:什么|哪个|几号)(?:电话|号码|热线)|打给(?:谁|哪)"
    r"|几楼|(居委会|社区|街道|村里|区里|派出所)还是|还是(居委会|社区|街道|区里|派出所)",
    "when": r"几点|周[一二三四五六日末天]|(?<!个)星期|礼拜[一二三四五六天]|节假日|开门|上班吗|上不上班|几点上|上班时间|有人上班|下班|中午|营业时间|工作时间|截止|什么时候|啥时候|啥时|哪天|哪几天|哪几个月|几月|期限"
    r"|最晚|最迟|逾期|过没过期|过期了还|放假|休息|几号|提前(几|多)|前几天|(到期|期满|过期)(之|以)?前|啥辰光|什么时辰|办公吗|值班|营业吗|还有人|从几岁|几岁开始|为止|来得及(申请|报|交|补)|有没有时间限制|收完了|什么日子|"
    + _DEADLINE,
    "fee": r"要钱|收费|收钱|多少钱办|费用多少|什么费用|花钱|工本费|要不要钱|免费吗|免费的吗|是不是免费|免不免费|不要钱|交多少钱|几块钱|贵不贵|缴费标准|要多少钱|手续费|钱不|掏钱|掏腰包|几个钱啊|抽钱|谁出|学费|押金|(自己|自家|个人).{0,3}(出|掏|付|摊|花)|摊多少|(另外|额外|还)(要)?收|收多少|要?交什么费|(要|得)[交缴](多少|几)|花(多少|几)"
    r"|多少钱一?(顿|小时|回|次|张|趟)|(一顿|一小时|一次|一张).{0,3}多少(?!时|天|久)|收不收|是不是骗|骗钱"
    r"|(办|换|审|新办|重办|再补|补办|补卡).{0,3}(一张|一回|一次|个)?多少钱|补(一张|一回|个).{0,2}多少钱",
    "amount": r"给多少|发多少|领多少|拿多少|补多少|补贴多少|多少补贴|能有多少|一个月多少|每月多少|一年多少|金额|标准是多少|领几个钱|多少块|贴几块|退我多少|能退多少|还有多少|几个钱"
    r"|有多少钱|报多少|报销多少|给几个|发几个|能领几|能拿几|多少钱一个月|多少钱一年|到手|赔几倍|几倍|几成|比例|贴多少|赔(多少|几|我)|能?贷(多少|几)|最[高多].{0,5}(补|贷|报|给|帮|拿|领|救)|(给|发|拿|领|补|有|是|救)(几多|几百|几千|几万|多少|几个月)"
    r"|开(多少|几)|涨到多少",
    "duration": rf"(?!{_DEADLINE})(?<!前)(?:几天|多久|多长时间|多少天|多少时间)|几年才|几个月(能|才|可以|下来)|急用|能不能快|最快|好些日子|(生效|出来|下来)要|立可取|半天够|当天|当场|立等|等多|要等|多会儿能|几时能|什么时候能(拿|好|批|办好|下来)|快不快|马上能|来得及|赶得上|几个月才|个把月",
    "online": r"网上|手机上|手机(能|可以|就能)|用手机|拿手机|线上|小程序|APP|app|支付宝|微信上|微信能|微信里|苏服办|在家能|自助机|自助终端|官网|电脑上|网办|能不能网|shouji|sj上|打(个|一个|下)?电话.{0,3}(能|可以|行|办|约|预约|就|申请|给)|电话(上|里)?(能|可以|预约|办|约)|邮件|邮箱|视频|远程|网址|网站|入口|链接"
    r"|公众号|二维码|扫码|扫一扫|智能机|全程网|政务网|哪个平台|不用跑|在线|下载",
    "proxy": r"代办|帮我办|替我|代我|代领|代替|委托|上门|到家里来|到我家来"
    r"|(儿子|女儿|孙子|孙女|老伴|家人|家属|邻居|别人|媳妇|女婿|我妈|我爸|子女|老公|老婆|亲戚|侄子|外甥|妹妹|弟弟|哥哥|姐姐|爱人|他|她)"
    r".{0,6}(代|替|帮|给我(弄|办)|去办|来办|去交|去拿|去行|行不行|成不成|能去|可以去)|(替|帮|代)(我|他|她|老|爸|妈|家|别|奶|爷)|(叫|喊|让)(我|他|她)?.{0,2}(儿子|女儿|孙子|孙女|媳妇|女婿|老公|老婆|妹妹|侄子|爱人|别人)"
    r"|本人.{0,4}(去|到|来|必须|一定)|一定要本人|非要本人|不去行|人不回|来(家里|我家|屋里)|到(家|屋|我家)|陪我|哪个陪|(派|来|叫|请)个?人.{0,3}(家|屋|陪|帮我)|有人.{0,2}(来家|到家|来屋|陪)|跑腿|亲自|本人(去|来|到)|到场|签不了|(去|来|出)不了|不去[,，]|委托"
    r"|(姐|哥|弟|妹|姑|叔|舅|婆婆|会计|中介|网格员|家长)(.{0,3})(去|来|代|帮|办|交|领|跑)|我去(替|帮|给)",
    "progress": r"办到哪|到哪.{0,3}(步|环节|关)|批了没|批下来(没|啦|了吗)|批了吗|审批.{0,4}(没|吗)|审核.{0,3}(没|吗)|进度|下来没|好了没|办好没|办好了吗|还没(到|下|消息|收到|批|好|人)|交了.{0,8}(没|怎么)|一直没|有下文|没下文"
    r"|查得怎么样|排到第几|排第几|卡住|成功没|成功了吗|有没有交成功|看(有没有|报)成功|没动静|没音信|没回音|通过没|通过了吗|怎么(还)?没(打|发|到|给|人|收|动|批)|收到(了)?(没|吗)|[查审批办处理]{1,2}(得|的)?(咋样|怎么样)|没(个)?(信|影|消息|音)|批没批|审没审|(好了|好|做出来了?)(没|吗|啵)|好了不"
    r"|不通知|到哪了|谁手上|还没来|没给我|怎么查办",
    "result": r"寄到|寄家|给寄|能寄|还是寄|寄给|邮寄|有效期|管(几|多)|能用几年|能用多久|拿到什么|给什么证|怎么拿|去哪拿|怎么领取|打到(卡|哪)|打在|发到|长什么样|什么样的(证|卡|本|东西)|电子证|用多久|住几年|几个月内有效"
    r"|发不发(证|本|卡)|给(个)?(证书|什么)|发的(是|正是)?纸|纸的还是|给发票|给张发票|是当场给|作废|年年都有|每年都有|一次性还是|到付|快递|能不能寄|可以寄|寄过来|怎么通知|(以后|之后).{0,8}(还能|会不会|能不能|会|影响)|干(啥|什么|嘛)用?$|好处|什么用|享受(什么|啥|哪)|(旧|老|原来的?)(卡|证|本|号)还|恢复|自动|还在吗"
    r"|一年一|现金|本子还是|纸质(版|的)?(还是|[吗么])|哪张卡|谁的账|优惠(吗|什么)|自己拿|送来|有什么优惠|能干",
}
_COMPILED = {facet: re.compile(pattern) for facet, pattern in _CUES.items()}
# Where two cues stand in one phrase, the one that says more wins.
_OUTDONE_BY = {"when": ("duration",), "fee": ("amount",), "process": ("materials",)}


def facets(text: str, classifier: LinearClassifier | None = None) -> list[str]:
    """Return the facets asked for, in the order of mention; [OVERVIEW] if none is recognised.

    Clauses that each ask with a cue of their own (“要什么条件，几天能办好”) are questions of their own.
    Where it is in doubt which of two is asked for, both are returned, the likelier first.
    """
    classifier = classifier or shipped_facets()
    clauses = _clauses(text)
    if classifier is None:
        cues = [cue for clause in clauses for cue in cued_facets(clause)]
        return list(dict.fromkeys(cues))[:MOST_FACETS] or [OVERVIEW]
    probabilities = _blended(clauses, classifier)
    best = max(probabilities, key=lambda facet: probabilities[facet])
    several = _several(clauses, classifier)
    if len(several) > 1 and best in several:
        return several[:MOST_FACETS]
    cues = cued_facets(_asking(clauses))
    both = [c for c in cues if c == best or (best != OVERVIEW and probabilities[c] >= CUED_SHARE)]
    found = both if best in both else [best, *both]
    is_plain = len(found) > 1 or best in cues
    return (found if is_plain else _with_second(best, probabilities))[:MOST_FACETS]


def asks_anything(text: str) -> bool:
    """Whether a text asks for anything at all, rather than tells."""
    return bool(_ASKS.search(text))


def _with_second(best: str, probabilities: Mapping[str, float]) -> list[str]:
    """“他这样我去算数吗” may ask whether he qualifies or whether I may act: both are told."""
    if probabilities[best] >= DOUBTED:
        return [best]
    rest = [facet for facet in probabilities if facet != best]
    second = max(rest, key=lambda facet: probabilities[facet])
    return [best, second] if probabilities[second] >= SECOND else [best]


def _blended(clauses: Sequence[str], classifier: LinearClassifier) -> dict[str, float]:
    """What the classifier believes and, beside the shipped one, the reader."""
    probabilities = classifier.probabilities(_features(clauses))
    reader = shipped_reader() if classifier is shipped_facets() else None
    if reader is None:
        return probabilities
    read = reader.read(" ".join(clauses)).facets
    return {f: (1 - READER_SHARE) * p + READER_SHARE * read[f] for f, p in probabilities.items()}


def _several(clauses: Sequence[str], classifier: LinearClassifier) -> list[str]:
    """The facets of clauses that each are a plain question of their own."""
    found = []
    for clause in clauses:
        cues = cued_facets(clause) if _ASKS.search(clause) else []
        if cues:
            probabilities = classifier.probabilities(_features([clause]))
            found += [cue for cue in cues if probabilities[cue] >= SURE_CLAUSE]
    return list(dict.fromkeys(found))


def cued_facets(text: str) -> list[str]:
    """Return the facets whose plain cues stand in the text, in the order of mention."""
    found = {facet: m.start() for facet, p in _COMPILED.items() if (m := p.search(text))}
    for facet, better in _OUTDONE_BY.items():
        if facet in found and any(other in found for other in better):
            del found[facet]
    return sorted(found, key=lambda facet: found[facet])


def has_subject(text: str) -> bool:
    """Whether a text says what it is about; “要带什么” and “我妈行不行” do not."""
    return len(subject_of(text)) > 1


def subject_of(text: str) -> str:
    """Return what is left of a text without the words of whoever asks: what it is about."""
    return _WITHOUT_SUBJECT.sub("", content(text))


def train_facets(examples: Sequence[tuple[str, str]], seed: int) -> LinearClassifier:
    """Train on (text, facet) pairs."""
    given = [(_clauses(text), facet) for text, facet in examples]
    rows = [*given, *_composed(given, seed)]
    return train_linear([_features(c) for c, _ in rows], [facet for _, facet in rows], STRENGTH)


def _composed(examples: Sequence[tuple[list[str], str]], seed: int) -> list[tuple[list[str], str]]:
    """Stories without a cue before cued questions of other phrasings."""
    draw = random.Random(seed)
    stories = [
        clauses[:-1]
        for clauses, _ in examples
        if len(clauses) > 2 and not any(cued_facets(clause) for clause in clauses[:-1])
    ]
    tails = [
        (clauses[-1], facet)
        for clauses, facet in examples
        if len(clauses[-1]) < LONGEST_TAIL and facet in cued_facets(clauses[-1])
    ]
    if not stories or not tails:
        return []
    drawn = [draw.choice(tails) for _ in range(int(COMPOSED_SHARE * len(examples)))]
    return [([*draw.choice(stories), tail], facet) for tail, facet in drawn]


@lru_cache(maxsize=1)
def shipped_facets() -> LinearClassifier | None:
    """Return the trained classifier, or None if none was trained."""
    return LinearClassifier.load(FACETS_FILE) if FACETS_FILE.is_file() else None


def _clauses(text: str) -> list[str]:
    """Clauses without fillers; at least one, maybe empty."""
    cut = _CLAUSE.split(_FILLERS.sub(" ", content(text)))
    return [clause for clause in cut if clause and _letters(clause)] or [""]


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _asking(clauses: Sequence[str]) -> str:
    """The last clause that asks, with what stands before it if it is very short."""
    at = max((n for n, clause in enumerate(clauses) if _ASKS.search(clause)), default=-1)
    at %= len(clauses)
    asking = clauses[at]
    while at and len(_letters(asking)) < SHORTEST_ASKING:
        at -= 1
        asking = clauses[at] + asking
    return asking


def _features(clauses: Sequence[str]) -> dict[str, float]:
    """Groups of characters and cues of the whole message, and again of the clause that asks."""
    whole, asking = "".join(clauses), _asking(clauses)
    end = f"^{_letters(asking)[-LONGEST_ASKING:]}$"
    return {
        **dict.fromkeys(_groups(_letters(whole), 3), STORY),
        **dict.fromkeys((f"?{group}" for group in _groups(end, 4)), ASKING),
        **dict.fromkeys((f"cue:{facet}" for facet in cued_facets(whole)), CUED),
        **dict.fromkeys((f"?cue:{facet}" for facet in cued_facets(asking)), ASKING_CUED),
    }


def _groups(text: str, longest: int) -> set[str]:
    """All groups of 1 to ``longest`` neighbouring characters."""
    sizes = range(1, longest + 1)
    return {text[i : i + n] for n in sizes for i in range(len(text) - n + 1)}
