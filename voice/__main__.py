"""The line from the terminal: ``python -m voice call | model | doctor``.

Taking calls is not done here: ``python -m bot serve`` does, with the voice process of the service.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from voice.calling import CallOrder, call_here, call_there
from voice.doctor import LineSettings, examine, told
from voice.errors import CallError
from voice.recognition import tiny_model_path
from voice.recognition.models import MODELS_URL, OFFICIAL
from voice.recognition.progress import fetched_with_progress
from voice.transports.file import PATIENCE_SECONDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    order = _parser().parse_args(arguments)
    try:
        return int(order.run(order))
    except CallError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename or ''} {error.strerror or error}".strip(), file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m voice", description="The telephone line.")
    commands = parser.add_subparsers(required=True, metavar="call | model | doctor")
    _call_parser(commands.add_parser("call", help="call the line with recordings as the caller"))
    model = commands.add_parser("model", help="models that recognise speech")
    _model_parsers(model.add_subparsers(required=True, metavar="list | fetch"))
    doctor = commands.add_parser("doctor", help="what is missing here, and what mends it")
    doctor.set_defaults(run=_doctor)
    return parser


def _call_parser(call: argparse.ArgumentParser) -> None:
    call.add_argument(
        "--wav",
        type=Path,
        nargs="+",
        required=True,
        help="what the caller says; several files are spoken one after the other, when asked",
    )
    call.add_argument("--out", type=Path, required=True, help="what the caller hears")
    call.add_argument(
        "--key",
        type=_key,
        nargs="+",
        action="extend",
        default=[],
        metavar="SECONDS:KEYS",
        help="keys pressed after so many seconds",
    )
    call.add_argument(
        "--gateway", type=_address, metavar="HOST:PORT", help="ring this AudioSocket port"
    )
    call.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="how long the caller listens to silence after the last word",
    )
    call.add_argument(
        "--url",
        default=os.environ.get("BOT_URL", "http://127.0.0.1:8000"),
        help="the service that answers",
    )
    call.set_defaults(run=_call)


def _model_parsers(model: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    model.add_parser("list", help="the official Chinese models").set_defaults(run=_model_list)
    fetch = model.add_parser("fetch", help="fetch one; goes on where the line broke")
    fetch.add_argument("name", choices=sorted(OFFICIAL))
    fetch.add_argument("--into", type=Path, default=None, help="default: var/models")
    fetch.add_argument("--sha256", default="", help="fingerprint, where none is known here")
    fetch.set_defaults(run=_model_fetch)


def _call(order: argparse.Namespace) -> int:
    wanted = CallOrder(tuple(order.wav), order.out, tuple(order.key), order.patience)
    if order.gateway:
        return call_there(wanted, *order.gateway)
    model, prompts = os.environ.get("BOT_VOSK_MODEL", ""), os.environ.get("BOT_VOICE_PROMPTS", "")
    return call_here(
        wanted,
        url=order.url,
        api_key=os.environ.get("BOT_API_KEY", ""),
        model=Path(model) if model else tiny_model_path(),
        prompts=Path(prompts) if prompts else None,
        voice=_voice_folder(),
    )


def _voice_folder() -> Path | None:
    folder = os.environ.get("BOT_SHERPA_VOICE", "")
    return Path(folder) if folder and os.environ.get("BOT_VOICE_ENGINE") == "sherpa" else None


def _model_list(_: argparse.Namespace) -> int:
    print(MODELS_URL)
    for model in OFFICIAL.values():
        is_here = (_models_folder() / model.folder).is_dir()
        state = "已下载" if is_here else f"约 {model.megabytes} MB"
        print(f"  {model.name:<9} {model.folder:<25} {state}  {model.note}")
    return 0


def _model_fetch(order: argparse.Namespace) -> int:
    into = order.into or _models_folder()
    folder = fetched_with_progress(OFFICIAL[order.name], into, order.sha256)
    print(f"模型已就绪：{folder}\n请设置：export BOT_VOSK_MODEL={folder.resolve()}")
    return 0


def _doctor(_: argparse.Namespace) -> int:
    findings = list(examine(_settings()))
    print("\n".join(told(findings)))
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def _settings() -> LineSettings:
    """The line's settings, with the defaults of ``bot.settings``."""
    get = os.environ.get
    takes_demo = "off" if get("BOT_ENV") == "production" else "on"
    return LineSettings(
        model=get("BOT_VOSK_MODEL", ""),
        takes_demo_model=(get("BOT_VOICE_DEMO_MODEL") or takes_demo) == "on",
        engine=get("BOT_VOICE_ENGINE", "espeak"),
        sherpa_voice=get("BOT_SHERPA_VOICE", ""),
        prompts=get("BOT_VOICE_PROMPTS", ""),
        host=get("BOT_VOICE_HOST", "127.0.0.1"),
        models_folder=_models_folder(),
        http_port=int(get("BOT_VOICE_HTTP_PORT", "8010")),
        audiosocket_port=int(get("BOT_AUDIOSOCKET_PORT", "9092")),
        sip_port=int(get("BOT_SIP_PORT", "5070")),
    )


def _models_folder() -> Path:
    return Path(os.environ.get("BOT_DATA_DIR", "var")) / "models"


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit():
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    return host or "127.0.0.1", int(port)


def _key(text: str) -> tuple[float, str]:
    seconds, _, keys = text.partition(":")
    if not keys or not set(keys) <= set("0123456789*#"):
        raise argparse.ArgumentTypeError(f"expected SECONDS:KEYS such as 12.5:1, got {text!r}")
    return float(seconds), keys


if __name__ == "__main__":
    sys.exit(main())
