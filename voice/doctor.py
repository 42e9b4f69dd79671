"""What the line lacks on this machine, in plain words, and the one command that mends each.

Looks at what is installed and set, tries the engines out for a moment, and changes nothing.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from voice.errors import ModelUnavailable, SynthesizerUnavailable
from voice.prompts import Recordings
from voice.recognition import tiny_model_path
from voice.recognition.layout import model_layout
from voice.recognition.models import OFFICIAL
from voice.synthesis import NORMAL_PACE
from voice.synthesis.espeak import EspeakSynthesiser
from voice.synthesis.sherpa import SherpaSynthesiser

State = Literal["good", "note", "missing"]
_MARKS: dict[State, str] = {"good": "✓", "note": "·", "missing": "✗"}
_INSTALL = "pip install -e ."
_LIBRARIES = {"vosk": "语音识别", "webrtcvad": "说话检测", "pypinyin": "读音纠错", "av": "语音留言"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at; ``mend`` is a command or a setting, "" if nothing is to be done."""

    what: str
    state: State
    says: str
    mend: str = ""


@dataclass(frozen=True)
class LineSettings:
    """What the line is set to; a port of 0 is not used."""

    model: str
    takes_demo_model: bool
    engine: str
    sherpa_voice: str
    prompts: str
    host: str
    models_folder: Path
    http_port: int
    audiosocket_port: int
    sip_port: int


def examine(settings: LineSettings) -> Iterator[Finding]:
    """Yield what was found, one thing after the other."""
    yield _libraries()
    yield _model(settings)
    yield _engine(settings)
    yield _recordings(settings)
    yield _port("页面通话端口", settings.host, settings.http_port, "BOT_VOICE_HTTP_PORT")
    yield _port("Asterisk 端口", settings.host, settings.audiosocket_port, "BOT_AUDIOSOCKET_PORT")
    yield _port("SIP 端口", settings.host, settings.sip_port, "BOT_SIP_PORT", socket.SOCK_DGRAM)


def told(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the lines to print."""
    for finding in findings:
        yield f"{_MARKS[finding.state]} {finding.what}：{finding.says}"
        if finding.mend:
            yield f"    办法：{finding.mend}"


def _libraries() -> Finding:
    absent = [f"{name}（{what}）" for name, what in _LIBRARIES.items() if find_spec(name) is None]
    if absent:
        return Finding("程序库", "missing", f"缺少 {'、'.join(absent)}", _INSTALL)
    return Finding("程序库", "good", "都装好了")


def _model(settings: LineSettings) -> Finding:
    what, mend = "识别模型", _how_to_get_a_model(settings.models_folder)
    if not settings.model:
        return _demo_model(what, mend, settings.takes_demo_model)
    path = Path(settings.model)
    try:
        layout = model_layout(path)
        _load(path)
    except ModelUnavailable as error:
        return Finding(what, "missing", f"{path} 里的模型用不了（{error}）", mend)
    grammars = "能按问题缩小听的范围" if layout.has_grammars else "不能按问题缩小听的范围"
    return Finding(what, "good", f"{path.name}，{grammars}")


def _how_to_get_a_model(folder: Path) -> str:
    """Use what was fetched before anything is fetched."""
    for model in OFFICIAL.values():
        if (folder / model.folder).is_dir():
            return f"export BOT_VOSK_MODEL={folder / model.folder}"
    return "python -m voice model fetch small-cn"


def _demo_model(what: str, mend: str, is_taken: bool) -> Finding:
    if is_taken and (tiny_model_path() / "am" / "final.mdl").is_file():
        says = "用的是自带的试用模型，只听得懂合成语音，不能用来接居民电话"
        return Finding(what, "note", says, mend)
    says = "没有模型，电话里听不懂说话，只能按键"
    return Finding(what, "missing", says, mend)


def _load(path: Path) -> None:
    if find_spec("vosk") is not None:
        from voice.recognition.vosk import VoskRecogniser

        VoskRecogniser(path)


def _engine(settings: LineSettings) -> Finding:
    what = "语音合成"
    if settings.engine == "none":
        says = "已关闭（BOT_VOICE_ENGINE=none），只播放录音，没有录音的话说不出来"
        return Finding(what, "note", says, "export BOT_VOICE_ENGINE=espeak")
    try:
        if settings.engine == "sherpa":
            _speak_once(SherpaSynthesiser(Path(settings.sherpa_voice or "BOT_SHERPA_VOICE")))
            return Finding(what, "good", f"sherpa，音色 {Path(settings.sherpa_voice).name}")
        _speak_once(EspeakSynthesiser())
    except SynthesizerUnavailable as error:
        mend = (
            "把音色放进一个文件夹，设 BOT_SHERPA_VOICE=文件夹"
            if settings.engine == "sherpa"
            else "pip install espeakng-loader"
        )
        return Finding(what, "missing", f"{settings.engine} 说不出话（{error}）", mend)
    says = "espeak，能说但声音机械；接居民电话建议配录音或 sherpa 音色"
    return Finding(what, "good", says)


def _speak_once(engine: EspeakSynthesiser | SherpaSynthesiser) -> None:
    try:
        engine.speak("您好。", NORMAL_PACE)
    finally:
        engine.close()


def _recordings(settings: LineSettings) -> Finding:
    what, mend = "录音", "录好后放进一个文件夹，设 BOT_VOICE_PROMPTS=文件夹"
    if not settings.prompts:
        count = len(Recordings(None, office="").missing())
        return Finding(what, "note", f"没有真人录音，{count} 句固定的话都用合成语音", mend)
    folder = Path(settings.prompts)
    if not folder.is_dir():
        return Finding(what, "missing", f"文件夹 {folder} 不存在", f"mkdir -p {folder}")
    recordings = Recordings(folder, office="")
    if recordings.faults:
        names = "、".join(sorted(recordings.faults))
        return Finding(
            what, "missing", f"这些录音用不了：{names}", "换成 WAV，文件名同 prompts.yml"
        )
    lacking = recordings.missing()
    if lacking:
        first = "、".join(list(lacking)[:5])
        return Finding(
            what, "note", f"还有 {len(lacking)} 句没有录音：{first} 等", f"录进 {folder}"
        )
    return Finding(what, "good", "固定的话都有录音")


def _port(
    what: str, host: str, port: int, setting: str, kind: socket.SocketKind = socket.SOCK_STREAM
) -> Finding:
    if not port:
        return Finding(what, "note", "没有开")
    try:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            says = f"{host}:{port} 用不了（{error.strerror}）"
            return Finding(what, "missing", says, f"export {setting}={port + 10000}")
        says = f"{host}:{port} 有程序在用；如果是电话线路正在运行，就是正常的"
        return Finding(what, "note", says, f"不是的话换一个：export {setting}={port + 100}")
    return Finding(what, "good", f"{host}:{port} 空着，可以用")
