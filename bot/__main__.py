"""python -m bot <command>: everything the assistant does from a terminal."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bot.settings")
# Set before anything imports them: nobody here phones home.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

PUBLISH_SECONDS = 60.0
HELD_OUT = Path("tests/data/heldout")
FOREIGN = Path("tests/data/foreign")


def main() -> int:
    """Read the command line and run the command."""
    given = _parser().parse_args()
    try:
        run: Callable[[argparse.Namespace], int] = given.run
        _setup(check=given.checked)
        return run(given)
    except KeyboardInterrupt:
        return 130


def _setup(*, check: bool) -> None:
    import django
    from django.core.checks import run_checks

    django.setup()
    problems = [problem for problem in run_checks() if problem.is_serious()] if check else []
    if problems:
        sys.exit("\n".join(f"error: {problem.msg}" for problem in problems))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(
        name: str, run: Callable[[argparse.Namespace], int], does: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=does, description=does)
        command.set_defaults(run=run, checked=name in {"serve", "web"})
        return command

    add("serve", _serve, "prepare, then start and watch all processes")
    add("prepare", _prepare, "database, knowledge, trained files, snapshot; then end")
    add("web", _web, "the web process alone (serve starts it)")
    add("worker", _worker, "the worker process alone: what goes out to residents, retention")
    staff = add("staff", _staff, "make an account for a member of staff")
    staff.add_argument(
        "what", choices=["add", "reset-code"], help="reset-code forgets a lost telephone"
    )
    staff.add_argument("name", help="what is typed to sign in")
    staff.add_argument("--display", default="", help="what residents read, such as 小李")
    staff.add_argument("--password", default="", help="made up and printed if none is given")
    staff.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE[:COMMUNITY]",
        help="intake, dispatcher, grid, supervisor, editor, reviewer, analyst or administrator;"
        " may be repeated",
    )
    gazetteer = add("gazetteer", _gazetteer, "communities and estates as a CSV file, in or out")
    gazetteer.add_argument("what", choices=["import", "export"])
    gazetteer.add_argument("file", type=Path)
    ask = add("ask", _ask, "ask one question, or a file of them")
    ask.add_argument("text", nargs="?", help="the question")
    ask.add_argument("--jsonl", type=Path, help='file with {"id", "text"} a line')
    ask.add_argument("--out", type=Path, help="where the replies go, one JSON object a line")
    add("chat", _chat, "talk in the terminal")
    converse = add("converse", _converse, "replay dialogue files and print what differs")
    converse.add_argument("files", nargs="+", type=Path, help="YAML files, or folders of them")
    train = add("train", _train, "train what ships")
    train.add_argument("what", nargs="?", choices=["all", "knowledge", "dialogue"], default="all")
    alias = add("alias", _alias, "give an item a name (or take it away) and publish")
    alias.add_argument("item")
    alias.add_argument("text")
    alias.add_argument("--remove", action="store_true")
    add("publish", _publish, "publish what is stored in the database")
    evaluate = add("evaluate", _evaluate, "put held-out questions to the product and baselines")
    evaluate.add_argument("--questions", type=Path, default=HELD_OUT)
    evaluate.add_argument("--foreign", type=Path, default=FOREIGN)
    evaluate.add_argument("--out", type=Path, default=Path("bench/out/evaluate"))
    evaluate.add_argument("--baselines", nargs="*", default=["bm25", "svm", "diet"])
    evaluate.add_argument("--server", action="store_true", help="through the whole server")
    evaluate.add_argument("--spoken", action="store_true", help="said on the telephone; no others")
    evaluate.add_argument(
        "--curve", action="store_true", help="how much more phrasings would help, and nothing else"
    )
    encoders = add("encoders", _encoders, "learn weights for public models, or compare some")
    encoders.add_argument("what", choices=["fit", "compare"])
    encoders.add_argument("names", nargs="+", metavar="ENCODER", help="name, folder or built-in")
    encoders.add_argument("--reranker", default="", help="name or folder of a cross-encoder")
    encoders.add_argument(
        "--questions",
        type=Path,
        help=f"folder with items.jsonl; else {HELD_OUT}, or without it the phrasings that ship",
    )
    export = add("export-items", _export_items, "write guides to an Excel workbook")
    export.add_argument("file", type=Path)
    export.add_argument("--items", nargs="*", default=[], help="ids; all guides if none is given")
    export.add_argument("--form", choices=["guide", "exchange"], default="guide")
    imports = add("import-items", _import_items, "read guides from an Excel workbook")
    imports.add_argument("file", type=Path)
    imports.add_argument("--dry-run", action="store_true", help="only tell what would change")
    imports.add_argument("--all-rows", action="store_true", help="list unchanged rows too")
    add("telegram", _telegram, "the Telegram process alone (serve starts it if there is a token)")
    add("voice", _voice, "the telephone line alone (serve starts it unless BOT_VOICE=off)")
    wechat = add("wechat", _wechat, "put the WeChat account's menu in force")
    wechat.add_argument("what", choices=["menu"])
    retention = add("retention", _retention, "let go of what was kept long enough")
    retention.add_argument("--dry-run", action="store_true", help="only tell what is due")
    erase = add("erase", _erase, "erase what a resident said, at her wish")
    erase.add_argument("--conversation", required=True, metavar="SENDER", help="its sender's code")
    rotate = add("rotate-keys", _rotate_keys, "encrypt all that is kept anew, with the newest key")
    rotate.add_argument("--dry-run", action="store_true", help="only tell what is not current")
    manage = add("manage", _manage, "Django's own commands")
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _serve(given: argparse.Namespace) -> int:
    from bot.preparing import prepare
    from bot.serving import Supervisor, children

    prepare()
    return Supervisor(children(), lambda line: print(line, flush=True)).run()


def _prepare(given: argparse.Namespace) -> int:
    from bot.preparing import prepare

    prepare()
    return 0


def _web(given: argparse.Namespace) -> int:
    from bot.web import run_web

    run_web()
    return 0


def _worker(given: argparse.Namespace) -> int:
    from bot.checks import settings_agree
    from bot.worker import run_worker

    # Our own checks only: Django's would load every page, and the models behind them.
    if problems := settings_agree(None):
        sys.exit("\n".join(f"error: {problem.msg}" for problem in problems))
    run_worker()
    return 0


def _staff(given: argparse.Namespace) -> int:
    from bot.accounts.services import AccountRefused, grant_named, staff_add

    if given.what == "reset-code":
        return _staff_code_reset(given.name)
    if not given.display:
        print("error: --display is needed, such as --display 小李", file=sys.stderr)
        return 2
    if not given.role:
        print("error: --role is needed, such as --role intake", file=sys.stderr)
        return 2
    try:
        grants = [grant_named(text) for text in given.role]
        password = staff_add(given.name, given.display, given.password, grants)
    except AccountRefused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if given.password:
        print(f"account {given.name} is there; sign in at /staff/login")
    else:
        print(f"account {given.name}, password {password} (shown once); sign in at /staff/login")
    return 0


def _staff_code_reset(name: str) -> int:
    from bot.accounts.codes import device_reset
    from bot.accounts.models import Staff

    account = Staff.objects.filter(username=name).first()
    if account is None:
        print(f"error: there is no account {name}", file=sys.stderr)
        return 1
    device_reset(account)
    print(f"account {name} binds another telephone when it signs in next")
    return 0


def _gazetteer(given: argparse.Namespace) -> int:
    from bot.gazetteer.files import export_file, import_file

    return (import_file if given.what == "import" else export_file)(given.file)


def _ask(given: argparse.Namespace) -> int:
    from bot import terminal

    try:
        if given.jsonl and given.out:
            terminal.ask_many(given.jsonl, given.out)
        elif given.text and not given.jsonl:
            terminal.ask_one(given.text)
        else:
            print("give a question, or --jsonl FILE with --out FILE", file=sys.stderr)
            return 2
    except terminal.DoorClosed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _converse(given: argparse.Namespace) -> int:
    from bot import conversing
    from bot.terminal import DoorClosed

    try:
        played = conversing.play_files(given.files)
    except (DoorClosed, conversing.DialogueRefused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    wrong = [one for one in played if one.differences]
    for one in wrong:
        print(conversing.told(one), end="\n\n")
    turns = sum(len(one.dialogue.turns) for one in played)
    print(f"{len(played) - len(wrong)} of {len(played)} dialogues as expected ({turns} turns)")
    return 1 if wrong else 0


def _chat(given: argparse.Namespace) -> int:
    from bot import terminal

    try:
        terminal.chat()
    except terminal.DoorClosed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _train(given: argparse.Namespace) -> int:
    from bot.preparing import train_dialogue
    from knowledge.files import load_knowledge
    from knowledge.training import train_knowledge

    if given.what in ("all", "knowledge"):
        print(train_knowledge(load_knowledge()))
    if given.what in ("all", "dialogue"):
        train_dialogue()
    return 0


def _alias(given: argparse.Namespace) -> int:
    from knowledge import services

    try:
        if given.remove:
            services.alias_remove(given.item, given.text)
        else:
            services.alias_add(given.item, given.text)
    except services.KnowledgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return _publish(given)


def _publish(given: argparse.Namespace) -> int:
    """Ask the running web process to publish; wait for what becomes of it."""
    from knowledge.models import Publication
    from knowledge.services import publication_request

    wish = publication_request("terminal")
    until = time.monotonic() + PUBLISH_SECONDS
    while time.monotonic() < until:
        wish.refresh_from_db()
        if wish.state == Publication.State.LIVE:
            print(f"published: snapshot {wish.fingerprint}")
            return 0
        if wish.state == Publication.State.FAILED:
            print(f"not published: {wish.error}", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print("noted; it is published when the server runs (python -m bot serve)", file=sys.stderr)
    return 0


def _evaluate(given: argparse.Namespace) -> int:
    from bot import terminal
    from bot.evaluating import BASELINES, curve, evaluate

    if given.curve:
        curve(given.questions, given.out)
        return 0
    if unknown := set(given.baselines) - set(BASELINES):
        print(f"error: baselines are {', '.join(BASELINES)}, got {unknown}", file=sys.stderr)
        return 2
    if given.spoken:
        return _evaluate_spoken(given)
    try:
        evaluate(
            given.questions,
            given.foreign,
            given.out,
            given.baselines,
            is_through_server=given.server,
        )
    except terminal.DoorClosed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _evaluate_spoken(given: argparse.Namespace) -> int:
    from bot.evaluating_spoken import evaluate_spoken
    from knowledge.search.errors import SearchError

    try:
        evaluate_spoken(given.questions, given.out)
    except SearchError as error:
        print(f"error: {error}; python -m bot prepare publishes it", file=sys.stderr)
        return 1
    return 0


def _encoders(given: argparse.Namespace) -> int:
    return _fit_encoder(given) if given.what == "fit" else _compare_encoders(given)


def _fit_encoder(given: argparse.Namespace) -> int:
    from bot.encoders import fit_encoder
    from knowledge.files import load_knowledge
    from knowledge.search.encoder import BUILT_IN
    from knowledge.search.errors import SearchError

    if len(given.names) != 1 or (given.names == [BUILT_IN] and not given.reranker):
        print(
            "error: name one encoder; what is learned with the built-in one ships, unless a"
            " --reranker is named",
            file=sys.stderr,
        )
        return 2
    try:
        print(fit_encoder(given.names[0], given.reranker, load_knowledge()))
    except SearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("learned and stored; python -m bot prepare publishes with it")
    return 0


def _compare_encoders(given: argparse.Namespace) -> int:
    from bot.encoders import compare, told
    from knowledge.evaluation import load_questions
    from knowledge.files import load_knowledge
    from knowledge.search.errors import SearchError

    folder: Path | None = given.questions or (HELD_OUT if HELD_OUT.is_dir() else None)
    questions = load_questions(folder) if folder else None
    if questions is not None and not questions.items:
        print(f"error: no questions in {folder}", file=sys.stderr)
        return 2
    try:
        found = compare(given.names, questions, given.reranker, load_knowledge())
    except SearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(told(found)))
    return 1 if all(each.reason for each in found) else 0


def _export_items(given: argparse.Namespace) -> int:
    from bot.spreadsheets import export_items

    return export_items(given.file, given.items, given.form)


def _import_items(given: argparse.Namespace) -> int:
    from bot.spreadsheets import import_items

    stored = import_items(given.file, is_dry_run=given.dry_run, shows_all=given.all_rows)
    if stored is None:
        return 1
    return _publish(given) if stored else 0


def _telegram(given: argparse.Namespace) -> int:
    from bot.channels.telegram.process import run
    from bot.checks import settings_agree

    # Our own checks only, as for the worker.
    if problems := settings_agree(None):
        sys.exit("\n".join(f"error: {problem.msg}" for problem in problems))
    return run()


def _voice(given: argparse.Namespace) -> int:
    from bot.channels.phone.process import run
    from bot.checks import settings_agree

    # Our own checks only, as for the worker.
    if problems := settings_agree(None):
        sys.exit("\n".join(f"error: {problem.msg}" for problem in problems))
    return run()


def _wechat(given: argparse.Namespace) -> int:
    from bot.channels.delivery import TryLater, Undeliverable
    from bot.channels.wechat.api import menu_publish

    try:
        menu_publish()
    except (TryLater, Undeliverable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("the menu is in force; phones show it within a day, or at once to new followers")
    return 0


def _retention(given: argparse.Namespace) -> int:
    from bot import clock
    from bot.conversations.retention import retention_apply, retention_due

    counts = (retention_due if given.dry_run else retention_apply)(clock.now())
    for table, rows in counts.items():
        print(f"{table}: {rows}")
    return 0


def _erase(given: argparse.Namespace) -> int:
    from bot.conversations.erasure import conversation_erase
    from bot.conversations.models import Conversation

    conversation = Conversation.objects.filter(sender=given.conversation).first()
    if conversation is None:
        print(f"error: no conversation has the code {given.conversation}", file=sys.stderr)
        return 1
    erased = conversation_erase(conversation)
    for table, rows in erased.tables.items():
        print(f"{table}: {rows}")
    print(f"Rasa's tracker: {erased.tracker_events}")
    return 0


def _rotate_keys(given: argparse.Namespace) -> int:
    from tqdm import tqdm

    from bot.rotation import rotate, tokens_count

    with tqdm(total=tokens_count(), unit=" tokens", file=sys.stderr) as bar:
        found = rotate(bar.update, is_dry_run=given.dry_run)
    for one in found:
        print(f"{one.place}: {one.renewed} of {one.tokens}")
        if one.unreadable:
            where = ", ".join(one.unreadable[:10])
            print(
                f"error: {one.place}: no key fits {len(one.unreadable)}: {where}", file=sys.stderr
            )
    return 1 if any(one.unreadable for one in found) else 0


def _manage(given: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m bot manage", *given.arguments])
    return 0


if __name__ == "__main__":
    sys.exit(main())
