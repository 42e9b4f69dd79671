"""How much of everything: the numbers by which the model is built, in full or in miniature."""

from __future__ import annotations

from dataclasses import dataclass, field

from voice.recognition.training.features import Cepstra


@dataclass(frozen=True)
class SpeechAmounts:
    """How many sentences of each kind are spoken; ``longest`` in characters."""

    questions: int = 9_500
    services: int = 1_200
    dictated: int = 3_000
    short_answers: int = 1_200
    word_strings: int = 4_000
    syllable_strings: int = 2_500
    longest: int = 40


@dataclass(frozen=True)
class AcousticRecipe:
    """What the network hears and how it learns; a change means a new training."""

    seed: int = 1
    speech: SpeechAmounts = SpeechAmounts()
    cepstra: Cepstra = field(default_factory=Cepstra)
    network_units: int = 192
    epochs: int = 6


@dataclass(frozen=True)
class GraphRecipe:
    """What can be said and how likely it is; a change costs seconds.

    ``least_gain``: nats that an n-gram must save over all text to be kept; it decides the size.
    """

    seed: int = 1
    questions_per_name: int = 2
    dictated: int = 9_000
    short_answer_repeats: int = 10
    general_words: int = 3_000
    general_words_if_seen: int = 20_000
    general_characters: int = 3_500
    least_prose_count: int = 3
    background_share: float = 0.05
    least_gain: float = 4.0


@dataclass(frozen=True)
class Recipe:
    """Both halves of the model, and how many children work at once."""

    acoustics: AcousticRecipe = field(default_factory=AcousticRecipe)
    graph: GraphRecipe = field(default_factory=GraphRecipe)
    processes: int = 2


FULL = Recipe()
MINIATURE = Recipe(
    AcousticRecipe(speech=SpeechAmounts(400, 60, 150, 60, 100, 150), network_units=48, epochs=2),
    GraphRecipe(general_words=500, least_gain=12.0),
)
