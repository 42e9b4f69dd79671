"""Lexicon and language model as the two graphs that vosk joins while it decodes.

``HCLr.fst`` leads from transitions to words (``phone_tree``), ``Gr.fst`` is the language model.
OpenFst renumbers the words of the first for look-ahead; the second and ``words.txt`` follow, so
that run-time grammars mean the same words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from voice.recognition.training.language_model import END, ORDER, START, Context, LanguageModel
from voice.recognition.training.lexicon import Reading
from voice.recognition.training.openfst import convert
from voice.recognition.training.phone_tree import NOTHING, ROOT, PhoneTable, PhoneTree

UNKNOWN = "[unk]"


def write_graph(
    folder: Path,
    table: PhoneTable,
    words: Mapping[str, Sequence[Reading]],
    model: LanguageModel,
) -> None:
    """Write all files of the model's ``graph`` folder."""
    number_of = {word: number for number, word in enumerate([*sorted(words), UNKNOWN], 1)}
    looked_ahead, renumbered = _looked_ahead(_tree_lines(table, words, number_of))
    grammar = _renumbered_grammar(grammar_lines(model, number_of), renumbered)
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    (folder / "HCLr.fst").write_bytes(looked_ahead)
    (folder / "Gr.fst").write_bytes(grammar)
    (folder / "words.txt").write_text(_word_table(number_of, renumbered), encoding="utf-8")
    (folder / "disambig_tid.int").write_text(f"{table.unused_transition}\n", encoding="ascii")
    boundaries = folder / "phones" / "word_boundary.int"
    boundaries.write_text(table.boundaries, encoding="ascii")


def grammar_lines(model: LanguageModel, number_of: Mapping[str, int]) -> list[str]:
    """Return G as OpenFst's text; its first line leaves the start of a sentence."""
    states = {context: number for number, context in enumerate([(START,), *_longer(model)])}
    states.setdefault((), len(states))
    lines = []
    for context, state in states.items():
        for word, probability in model.words.get(context, {}).items():
            cost = -math.log(probability)
            if word == END:
                lines.append(f"{state} {cost:.4f}\n")
            else:
                target = states[_known((*context, word), states)]
                lines.append(f"{state} {target} {number_of[word]} {number_of[word]} {cost:.4f}\n")
        if context:
            cost = -math.log(max(model.backoff.get(context, 1.0), 1e-9))
            shorter = states[_known(context[1:], states)]
            lines.append(f"{state} {shorter} {NOTHING} {NOTHING} {cost:.4f}\n")
    return lines


def _longer(model: LanguageModel) -> list[Context]:
    return [context for context in model.words if context and context != (START,)]


def _known(context: Context, states: Mapping[Context, int]) -> Context:
    context = context[-(ORDER - 1) :]
    while context not in states:
        context = context[1:]
    return context


def _tree_lines(
    table: PhoneTable, words: Mapping[str, Sequence[Reading]], number_of: Mapping[str, int]
) -> list[str]:
    tree = PhoneTree(table)
    tree.add_silence()
    tree.add_unknown(number_of[UNKNOWN])
    for word in sorted(words):
        for reading in words[word]:
            tree.add_word(number_of[word], reading)
    return [*tree.lines, f"{ROOT} 0\n"]


def _looked_ahead(lines: Iterable[str]) -> tuple[bytes, dict[int, int]]:
    """Return HCLr.fst, and which number each word has in it."""
    with TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs"
        lookahead = ["fstconvert", "--fst_type=olabel_lookahead", f"--save_relabel_opairs={pairs}"]
        compiled = [["fstcompile"], ["fstarcsort", "--sort_type=olabel"], lookahead]
        graph = convert("".join(lines), compiled)
        numbers = (line.split() for line in pairs.read_text(encoding="ascii").splitlines())
        return graph, {int(old): int(new) for old, new in numbers}


def _renumbered_grammar(lines: Iterable[str], renumbered: Mapping[int, int]) -> bytes:
    with TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs"
        text = "".join(f"{old}\t{new}\n" for old, new in renumbered.items())
        pairs.write_text(text, encoding="ascii")
        relabel = ["fstrelabel", f"--relabel_ipairs={pairs}", f"--relabel_opairs={pairs}"]
        sort = ["fstarcsort", "--sort_type=ilabel"]
        return convert(
            "".join(lines), [["fstcompile"], relabel, sort, ["fstconvert", "--fst_type=const"]]
        )


def _word_table(number_of: Mapping[str, int], renumbered: Mapping[int, int]) -> str:
    numbers = sorted((renumbered[number], word) for word, number in number_of.items())
    return "<eps> 0\n" + "".join(f"{word} {number}\n" for number, word in numbers)
