"""``python -m voice.recognition.training``: build the tiny model anew, with progress bars.

Takes half an hour on two idle cores; ``--only graph`` a minute, ``--miniature`` two minutes.
Needs espeakng-loader and Debian's libfst-tools and libfst22-plugins-base.
"""

from __future__ import annotations

import argparse
from pathlib import Path

STEPS = ("speech", "network", "export", "graph")


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(prog="voice.recognition.training", description=__doc__)
    parser.add_argument("--knowledge", type=Path, default=Path("knowledge/data"))
    parser.add_argument("--dialogue", type=Path, default=Path("nlu/data"))
    parser.add_argument("--work", type=Path, default=Path("var/tiny"), help="kept between steps")
    parser.add_argument("--model", type=Path, default=Path(__file__).parent.parent / "tiny")
    parser.add_argument("--only", choices=STEPS, action="append", help="may be given repeatedly")
    parser.add_argument("--miniature", action="store_true", help="small and bad, to try the steps")
    parser.add_argument("--check", type=Path, help="build nothing; say this file's lines to it")
    arguments = parser.parse_args()
    if arguments.check:
        _check(arguments.model, arguments.check)
        return

    # Imported here: every child process that speaks imports this module, and torch takes seconds.
    from voice.recognition.training.build import Workshop, build
    from voice.recognition.training.recipe import FULL, MINIATURE

    shop = Workshop(arguments.knowledge, arguments.dialogue, arguments.work, arguments.model)
    recipe = MINIATURE if arguments.miniature else FULL
    build(shop, recipe, arguments.only or STEPS)


def _check(model: Path, path: Path) -> None:
    from voice.recognition.training.evaluation import Listener, error_rate, read_lines

    listener, lines = Listener(model), read_lines(path)
    for condition, noise_db in (("clean", None), ("noise at 10 dB", 10.0)):
        heard = listener.hear(lines, noise_db=noise_db)
        print(f"{condition}: {error_rate(heard):.2%} of characters wrong")
        for one in heard:
            if one.errors:
                print(f"  {one.said} → {one.understood}")


if __name__ == "__main__":
    main()
