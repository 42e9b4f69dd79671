"""Which side of the item a resident asks about: what to bring, where, how much, ….

A multinomial linear classifier, trained on the phrasings, weighs character groups and plain cues
(“要带什么”). One message may ask for several facets.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import exp
from pathlib import Path

from knowledge.search.analysis import content
from knowledge.search.encoder import TRAINED_DIR

FACETS_FILE = TRAINED_DIR / "facets.json"
OVERVIEW = "overview"
MOST_FACETS = 3
# A cue beside the best facet counts as a second question from this probability on.
CUED_SHARE = 0.15
# A plain cue speaks against the mere overview at nearly any probability.
BESIDE_OVERVIEW = 0.03
CUE = "cue:"
_CLAUSE = re.compile(r"[,，。;；?？!！\n]|还有|另外|顺便")
# Cues weigh more than any one group of characters, so regularisation does not wash them out.
CUE_WEIGHT = 3.0
# Words that ask, and words for whoever asks: what remains without them is the subject.
_WITHOUT_SUBJECT = re.compile(
    r"带|拿|准备|材料|证件|手续|东西|复印件|原件|什么|啥|哪些|哪样|哪里|哪儿|哪块|哪边|哪天|哪个|哪|在|到|去"
    r"|地方|窗口|部门|地址|怎么|怎样|咋|办理|办好|办|弄|搞|申请|领取|领|拿到|条件|资格|符合|流程|步骤|先后|分|几步"
    r"|几天|几号|几点|多久|多长时间|多少天|多少|当天|时候|时间|截止|要钱|收费|收钱|费用|免费|块钱|钱"
    r"|每个月|一个月|每月|一年|网上|手机上|手机|线上|代办|代|替|帮|上门|本人|儿子|女儿|孙子|老伴|家人|我妈|我爸|妈妈|爸爸"
    r"|妈|爸|家里|家|社区|街道|大厅|周[一二三四五六日末天]|星期[一二三四五六日天]|礼拜[一二三四五六天]|今天|明天|周末"
    r"|开门|上班|下班|进度|批|下来|寄到|寄|快递|邮寄|有效期|结果|可以|可不可以|能不能|行不行|要不要|需不需要|是不是"
    r"|能|行|要|需要|得|想|问|知道|告诉|说|讲|看|我们|我|你们|你|您|他|她|它|人|别人|这个|那个|这|那|就是|就|是|有没有|有"
    r"|没有|没|不|还|也|都|再|又|一下|一个|个|给|把|让|叫|跟|和|的|了|呢|吗|嘛|啊|呀|吧|哦|哎|好|请|麻烦|阿|现在|最|快"
    r"|早|晚|[\W_]"
)
SEEN_AT_LEAST = 3
SMALLEST_WEIGHT = 0.05

_CUES: dict[str, str] = {
    "materials": r"带什么|带啥|带哪些|要带|带些|什么材料|啥材料|哪些材料|材料要|材料有|什么证件|啥证件|哪些证件|要什么东西"
    r"|准备什么|准备哪些|准备些|准备啥|什么手续|啥手续|哪些手续|(户口本|身份证|照片|病历|合同|房产证|结婚证).{0,3}(要不要|要带|需不需要|要吗|用不用)"
    r"|材料清单|要哪些材料|复印件|才料",
    "conditions": r"什么条件|啥条件|条件是|够不够|够格|符合|资格|能不能办|能办吗|能申请吗|可以申请吗|能领吗|能不能领|可以办吗|能不能申请"
    r"|有没有资格|算不算|什么人能|哪些人能|谁能办|谁可以|轮得到|满足",
    "process": r"流程|步骤|分几步|先.{1,8}再|先到哪|先去哪|第一步|几道手续|怎么个程序|程序是|顺序|先后",
    "where": r"在哪|到哪|去哪|哪里办|哪块|哪儿|哪边|什么地方|啥地方|地址|怎么走|窗口在|哪个部门|社区能办|社区能不能|社区可以|哪个窗口|附近",
    "when": r"几点|周[一二三四五六日末天]|星期|礼拜|节假日|开门|上班吗|上不上班|几点上|上班时间|有人上班|下班|中午|营业时间|工作时间|截止|到期|什么时候|啥时候|啥时|哪天|期限"
    r"|最晚|逾期|来得及|放假|休息|多久之内|多长时间内|几号",
    "fee": r"要钱|收费|收钱|多少钱办|费用多少|什么费用|花钱|工本费|要不要钱|免费吗|免费的吗|是不是免费|不要钱|交多少钱|几块钱|贵不贵|缴费标准|要多少钱|手续费|钱不",
    "amount": r"给多少|发多少|领多少|拿多少|补多少|补贴多少|多少补贴|能有多少|一个月多少|每月多少|一年多少|金额|标准是多少|领几个钱|多少块"
    r"|有多少钱|报多少|报销多少|给几个|发几个|能领几|能拿几|多少钱一个月|多少钱一年",
    "duration": r"几天|多久能|多长时间|要多久|多少天|当天|当场|立等|多久拿|多久办|等多久|要等|什么时候能(拿|好|批|办好|下来)|多会儿能|几时能好|快不快|马上能",
    "online": r"网上|手机上|线上|小程序|APP|app|支付宝|微信上|微信能|苏服办|在家能|不跑|自助机|自助终端|官网|电脑上|网办|能不能网",
    "proxy": r"代办|帮我办|替我|代我|代领|代替|委托|上门|(儿子|女儿|孙子|孙女|老伴|家人|家属|邻居|别人|媳妇|女婿|我妈|我爸|子女|老公|老婆|亲戚)"
    r".{0,6}(代|替|帮|去办|来办|去行|行不行|能去|可以去)|(替|帮|代)(我|他|她|老|爸|妈|家|别|奶|爷)|本人.{0,4}(去|到|来|必须|一定)|一定要本人|非要本人|不去行",
    "progress": r"办到哪|到哪一步|批了没|批下来没|批了吗|审批.{0,4}(没|吗)|进度|下来没|好了没|办好没|办好了吗|还没(到|下|消息|收到|批|好)|交了.{0,8}(没|怎么)|一直没",
    "result": r"寄到|寄家|邮寄|快递|有效期|管几年|能用几年|拿到什么|给什么证|怎么拿|去哪拿|怎么领取|打到卡|打在卡|到账|发到|长什么样|电子证|用多久",
}
_COMPILED = {facet: re.compile(pattern) for facet, pattern in _CUES.items()}
# Where two cues stand in one phrase, the one that says more wins.
_OUTDONE_BY = {"when": ("duration",), "fee": ("amount",), "process": ("materials",)}


@dataclass(frozen=True)
class FacetClassifier:
    """A multinomial linear model over character groups of 1 to 3 and the plain cues.

    ``weights`` holds one row a feature with one weight a facet, in the order of ``facets``.
    """

    facets: tuple[str, ...]
    offsets: tuple[float, ...]
    weights: dict[str, tuple[float, ...]]

    def probabilities(self, text: str) -> dict[str, float]:
        """Return the probability of each facet; they add up to 1."""
        scores = list(self.offsets)
        for feature in _features(content(text)):
            for place, weight in enumerate(self.weights.get(feature, ())):
                scores[place] += weight
        top = max(scores)
        exponents = [exp(score - top) for score in scores]
        total = sum(exponents)
        return {f: e / total for f, e in zip(self.facets, exponents, strict=True)}


def facets(text: str, classifier: FacetClassifier | None = None) -> list[str]:
    """Return the facets asked for, in the order of mention; [OVERVIEW] if none is recognised.

    Clauses that each carry a cue of their own (“要什么条件，几天能办好”) are questions of their own.
    """
    classifier = classifier or shipped_facets()
    clauses = [clause for clause in _CLAUSE.split(content(text)) if cued_facets(clause)]
    if len(clauses) > 1:
        found = [f for clause in clauses for f in _of_clause(clause, classifier) if f != OVERVIEW]
        if found:
            return list(dict.fromkeys(found))[:MOST_FACETS]
    return _of_clause(content(text), classifier)[:MOST_FACETS]


def _of_clause(text: str, classifier: FacetClassifier | None) -> list[str]:
    cues = cued_facets(text)
    if classifier is None:
        return cues or [OVERVIEW]
    probabilities = classifier.probabilities(text)
    best = max(probabilities, key=lambda facet: probabilities[facet])
    needed = BESIDE_OVERVIEW if best == OVERVIEW else CUED_SHARE
    also = [cue for cue in cues if cue != best and probabilities[cue] >= needed]
    both = [cue for cue in cues if cue == best or cue in also]
    if best in both or (best == OVERVIEW and both):
        return both
    return [best, *both]


def cued_facets(text: str) -> list[str]:
    """Return the facets whose plain cues stand in the text, in the order of mention."""
    found = {facet: m.start() for facet, p in _COMPILED.items() if (m := p.search(text))}
    for facet, better in _OUTDONE_BY.items():
        if facet in found and any(other in found for other in better):
            del found[facet]
    return sorted(found, key=lambda facet: found[facet])


def has_subject(text: str) -> bool:
    """Whether a text says what it is about; “要带什么” and “我妈行不行” do not."""
    return len(_WITHOUT_SUBJECT.sub("", content(text))) > 1


def train_facets(examples: Sequence[tuple[str, str]], seed: int) -> FacetClassifier:
    """Train on (text, facet) pairs."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    rows = [_features(content(text)) for text, _ in examples]
    seen = Counter(feature for row in rows for feature in row)
    vectorizer = DictVectorizer()
    table = vectorizer.fit_transform(
        [{f: _weight(f) for f in row if seen[f] >= SEEN_AT_LEAST} for row in rows]
    )
    model = LogisticRegression(C=1.0, max_iter=400, random_state=seed)
    model.fit(table, [facet for _, facet in examples])
    names = vectorizer.get_feature_names_out()
    scale = [_weight(name) for name in names]
    weights = {
        name: tuple(round(float(w) * s, 2) for w in column)
        for name, s, column in zip(names, scale, model.coef_.T, strict=True)
    }
    kept = {name: row for name, row in weights.items() if max(map(abs, row)) >= SMALLEST_WEIGHT}
    offsets = tuple(round(float(b), 3) for b in model.intercept_)
    return FacetClassifier(tuple(model.classes_), offsets, kept)


def save_facets(classifier: FacetClassifier, path: Path = FACETS_FILE) -> None:
    """Write the classifier as JSON."""
    path.write_text(
        json.dumps(asdict(classifier), ensure_ascii=False, separators=(",", ":")),
        encoding="utf-8",
    )


@lru_cache(maxsize=1)
def shipped_facets() -> FacetClassifier | None:
    """Return the trained classifier, or None if none was trained."""
    if not FACETS_FILE.is_file():
        return None
    return FacetClassifier(**json.loads(FACETS_FILE.read_text(encoding="utf-8")))


def _features(said: str) -> set[str]:
    """Character groups, and the plain cues as features of their own."""
    plain = "".join(c for c in said if c.isalnum())
    grams = {plain[i : i + n] for n in (1, 2, 3) for i in range(len(plain) - n + 1)}
    return grams | {f"{CUE}{facet}" for facet in cued_facets(said)}


def _weight(feature: str) -> float:
    return CUE_WEIGHT if feature.startswith(CUE) else 1.0
