"""A model fetched with a bar that shows how far it is."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from voice.recognition.models import MODELS_URL, OfficialModel, model_fetch


def fetched_with_progress(
    model: OfficialModel, into: Path, sha256: str = "", base_url: str = MODELS_URL
) -> Path:
    """Return the model's folder; see ``model_fetch``."""
    with tqdm(desc=model.folder, unit="B", unit_scale=True, unit_divisor=1024) as bar:

        def show(there: int, whole: int) -> None:
            bar.total = whole or None
            bar.n = there
            bar.update(0)

        return model_fetch(model, into, sha256=sha256, base_url=base_url, progress=show)
