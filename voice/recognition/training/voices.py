"""Voices that nobody has: espeak variants with formants, breath and pitch drawn at random.

The hundred variants that espeak brings are soon learnt by heart, and one that lacks its third
formant and has another shifted is then hardly understood. Invented ones, with such whims too, lie
in a copy of espeak's data made of links.
"""

from __future__ import annotations

from pathlib import Path

import espeakng_loader
import numpy as np

_COUNT = 200  # espeak holds 349 voices, languages included, and brings a hundred variants
_KLATT_KINDS = (1, 3, 4, 5, 6)  # the second is kept for checking
_SHIFT_HZ = {1: 140.0, 2: 150.0, 3: 200.0}  # at most
_VARIANTS = Path("voices") / "!v"
_CHINESE = Path("lang") / "sit"


def invented_names() -> list[str]:
    """Return the names of all invented voices."""
    return [f"invented{number}" for number in range(_COUNT)]


def with_invented_voices(folder: Path, seed: int) -> Path:
    """Make a data folder for espeak that knows the invented voices, too; return it."""
    source = Path(espeakng_loader.get_data_path())
    _link_all(source, folder, but={"lang", "voices"})
    for part in (_CHINESE, _VARIANTS):
        _link_all(source / part, folder / part, but=set())
    random = np.random.default_rng(seed)
    for name in invented_names():
        path = folder / _VARIANTS / name
        path.write_text(invented_voice(name, random), encoding="ascii")
    return folder


def invented_voice(name: str, random: np.random.Generator) -> str:
    """Return the file of a voice variant."""
    pitch = random.uniform(60, 200)
    lines = [
        f"name {name}",
        f"pitch {pitch:.0f} {pitch * random.uniform(1.1, 1.6):.0f}",
        f"flutter {random.integers(0, 12)}",
        f"roughness {random.integers(0, 4)}",
        f"consonants {random.integers(50, 130)} {random.integers(50, 130)}",
        *_formants(random),
    ]
    if random.random() < 0.3:
        levels = random.integers(20, 255, 4)
        lines.append(f"tone 100 {levels[0]} 600 {levels[1]} 2000 {levels[2]} 3000 {levels[3]}")
    if random.random() < 0.3:
        lines.append("breath " + " ".join(map(str, random.integers(0, 4, 8))))
    if random.random() < 0.2:
        lines.append(f"klatt {random.choice(_KLATT_KINDS)}")
    return "language variant\n" + "\n".join(lines) + "\n"


def _formants(random: np.random.Generator) -> list[str]:
    """Return frequency, height and width per cent of each, and what is added in hertz."""
    throat = random.uniform(0.86, 1.2)
    is_shifted = random.random() < 0.4
    missing = _missing(random)
    lines = []
    for number in range(9):
        frequency = 100 * throat * random.uniform(0.94, 1.06)
        height, width = random.uniform(50, 120), random.uniform(70, 160)
        added = random.uniform(-1, 1) * _SHIFT_HZ.get(number, 0.0) if is_shifted else 0.0
        if number in missing:
            frequency = height = width = added = 0.0
        lines.append(f"formant {number} {frequency:.0f} {height:.0f} {width:.0f} {added:.0f}")
    return lines


def _missing(random: np.random.Generator) -> set[int]:
    """Return the formants that the voice lacks: mostly none, else one of 3 to 5, or all above."""
    if random.random() < 0.8:
        return set()
    first = int(random.choice([3, 4, 5]))
    return {first} if random.random() < 0.5 else {first, 6, 7, 8}


def _link_all(source: Path, target: Path, but: set[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        link = target / entry.name
        if entry.name not in but and not link.exists():
            link.symlink_to(entry)
