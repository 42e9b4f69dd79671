"""What has to be there before anything is served: database, knowledge, trained files, snapshot."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from bot import clock
from bot.actions import office
from bot.api.auth import development_key
from bot.gazetteer.services import gazetteer_seed
from bot.serving import environment, model_path
from knowledge.files import load_knowledge
from knowledge.publishing import Publisher
from knowledge.search.encoder import BUILT_IN, BUILT_IN_DIR
from knowledge.search.errors import RerankerUnavailable
from knowledge.search.recipe import RECIPE_FILE, is_fitted
from knowledge.services import knowledge_load
from knowledge.training import train_knowledge

NLU = settings.ROOT / "nlu"
RASA_INPUTS = (settings.ROOT / "config.yml", NLU / "domain", NLU / "data")


def prepare() -> None:
    """Bring everything up to date; quick when it is already."""
    settings.BOT_DATA_DIR.mkdir(parents=True, exist_ok=True)
    if not settings.PRODUCTION and not settings.BOT_API_KEYS:
        development_key()
    print("database …", flush=True)
    call_command("migrate", interactive=False, verbosity=0)
    _prepare_tracker()
    files = load_knowledge()
    changed = knowledge_load(files)
    print(f"knowledge: {len(files.items)} guides, {changed} records new, changed, gone", flush=True)
    gazetteer_seed(files.places)
    if (
        settings.BOT_ENCODER == BUILT_IN and not (BUILT_IN_DIR / "modules.json").is_file()
    ) or not RECIPE_FILE.is_file():
        train_knowledge(files)
    if not model_path().is_file():
        train_dialogue()
    publisher = Publisher(
        settings.SNAPSHOT_DIR, office.encoder(), clock.now, settings.RECIPE_DIR, office.reranker()
    )
    for warning in _warnings(publisher):
        print(warning, flush=True)
    if publisher.is_up_to_date():
        print("snapshot is up to date", flush=True)
        return
    print("publishing …", flush=True)
    snapshot = publisher.publish()
    if snapshot.vectors is None:
        print(f"no encoder “{settings.BOT_ENCODER}”: matching by words alone", flush=True)
    size = f"{len(snapshot.documents)} records, {len(snapshot.passages)} passages"
    print(f"snapshot {snapshot.fingerprint}: {size}", flush=True)


def _warnings(publisher: Publisher) -> Iterator[str]:
    """One sentence each for models that nothing was learned with, or that cannot be loaded."""
    encoder, reranker = office.encoder(), office.reranker()
    if not is_fitted(settings.RECIPE_DIR, encoder.fingerprint):
        yield (
            f"nothing was learned with encoder “{encoder.name}”: the built-in one's weights and "
            f"thresholds are used (python -m bot encoders fit {encoder.name})"
        )
    if reranker is None:
        return
    try:
        reranker.judge("社保卡", ["社保卡补办"])
    except RerankerUnavailable as error:
        yield f"{error}; matching goes on without it"
        return
    if publisher.recipes().reranked is None:
        yield (
            f"nothing was learned with re-ranker “{reranker.name}”: it may change the order but "
            f"makes no answer surer "
            f"(python -m bot encoders fit {encoder.name} --reranker {reranker.name})"
        )


def _prepare_tracker() -> None:
    """Let the engine's tracker write beside its readers; the mode stays with the file."""
    with contextlib.closing(sqlite3.connect(settings.BOT_DATA_DIR / "tracker.sqlite3")) as tracker:
        tracker.execute("PRAGMA journal_mode=WAL")


def train_dialogue() -> Path:
    """Train Rasa from config.yml and nlu/; writes the model and the fingerprint of its inputs."""
    model = model_path()
    model.parent.mkdir(parents=True, exist_ok=True)
    print("training the dialogue model (about a minute) …", flush=True)
    command = [
        settings.BOT_RASA_PYTHON, "-W", "ignore", "-m", "rasa", "train",
        "--config", str(settings.ROOT / "config.yml"),
        "--domain", str(NLU / "domain"),
        "--data", str(NLU / "data"),
        "--out", str(model.parent),
        "--fixed-model-name", model.name.removesuffix(".tar.gz"),
    ]  # fmt: skip
    # Without a snapshot in its environment the matcher component only stands in the graph.
    given = {k: v for k, v in environment().items() if k != "BOT_SNAPSHOT_DIR"}
    given.pop("OMP_NUM_THREADS")
    subprocess.run(command, env=given, cwd=settings.ROOT, check=True)
    fingerprint = {"inputs": dialogue_fingerprint(), "model": _digest(model.read_bytes())}
    _manifest().write_text(json.dumps(fingerprint, indent=1) + "\n", encoding="utf-8")
    return model


def dialogue_fingerprint() -> str:
    """Hash of all that the dialogue model is made from."""
    paths = [
        path for root in RASA_INPUTS for path in ([root] if root.is_file() else root.rglob("*.yml"))
    ]
    texts = [f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in sorted(paths)]
    return _digest("\n".join(texts).encode())


def dialogue_is_trained() -> bool:
    """Whether the dialogue model is there and was made from today's inputs."""
    if not _manifest().is_file() or not model_path().is_file():
        return False
    manifest = json.loads(_manifest().read_text(encoding="utf-8"))
    digest = _digest(model_path().read_bytes())
    return bool(manifest == {"inputs": dialogue_fingerprint(), "model": digest})


def _manifest() -> Path:
    return model_path().with_name("manifest.json")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
