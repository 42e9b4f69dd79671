"""What training writes for vosk and OpenFst, against expectations made by hand or by others."""

from __future__ import annotations

import shutil
import struct
import subprocess

import numpy as np
import pytest
import torch

from voice.recognition.training import augmentation
from voice.recognition.training.alignment import NotMandarin, Segment, segments, syllables
from voice.recognition.training.dataset import Frames, classes
from voice.recognition.training.espeak import PhoneStart
from voice.recognition.training.export import acoustic_model, affine_layers
from voice.recognition.training.features import Cepstra
from voice.recognition.training.graph import grammar_lines, write_graph
from voice.recognition.training.kaldi import BinaryWriter, write_transition_model
from voice.recognition.training.language_model import trained
from voice.recognition.training.lexicon import Reading
from voice.recognition.training.network import CONTEXT, frames_for, new_network
from voice.recognition.training.phone_tree import PhoneTable, PhoneTree
from voice.recognition.training.speech import labels
from voice.recognition.training.train import Acoustics
from voice.recognition.training.voices import (
    invented_names,
    invented_voice,
    with_invented_voices,
)


def _int(value: int) -> bytes:
    return b"\4" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\4" + struct.pack("<f", value)


def test_numbers_and_vectors_are_written_as_kaldi_reads_them() -> None:
    file = BinaryWriter()
    file.token("<Dim>")
    file.integer(3, -1)
    file.real(0.5)
    file.integers([1, 2])
    file.vector([1.5])
    expected = b"\0B<Dim> \4\3\0\0\0\4\xff\xff\xff\xff\4\0\0\0\x3f\4\2\0\0\0\1\0\0\0\2\0\0\0"
    assert bytes(file.data) == expected + b"FV \4\1\0\0\0\0\0\xc0\x3f"


def test_a_matrix_is_written_in_full_row_by_row() -> None:
    file = BinaryWriter()
    file.matrix(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert bytes(file.data) == b"\0BFM " + _int(2) + _int(2) + struct.pack("<4f", 1, 2, 3, 4)


def test_a_matrix_in_bytes_keeps_its_ends_and_is_at_most_half_a_step_off() -> None:
    rows = np.array([[-1.0, 0.3], [0.1, 1.0]])
    file = BinaryWriter()
    file.matrix_in_bytes(rows)
    head = b"\0BCM3 " + struct.pack("<ffii", -1.0, 2.0, 2, 2)
    assert bytes(file.data[: len(head)]) == head
    read = -1.0 + 2.0 * np.frombuffer(bytes(file.data[len(head) :]), np.uint8) / 255
    assert read[0] == -1.0
    assert read[-1] == 1.0
    assert np.abs(read.reshape(2, 2) - rows).max() <= 1.0 / 255


def test_a_matrix_of_equal_numbers_does_not_divide_by_zero() -> None:
    file = BinaryWriter()
    file.matrix_in_bytes(np.full((1, 2), 7.0))
    assert file.data.endswith(b"\0\0")


def test_each_phone_is_entered_with_one_class_and_stays_with_another() -> None:
    file = BinaryWriter()
    write_transition_model(file, [0, 1], 4)
    topology = b"\4\2\0\0\0\1\0\0\0\2\0\0\0" + b"\4\3\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0"
    state = _int(0) + _int(1) + _int(2) + _int(0) + _float(0.5) + _int(1) + _float(0.5)
    states = _int(-1) + _int(1) + _int(2) + state + _int(-1) + _int(-1) + _int(0)
    tuples = b"".join(map(_int, (2, 1, 0, 0, 2, 2, 0, 1, 3)))
    half = struct.pack("<f", np.log(0.5))
    expected = b"\0B<TransitionModel> <Topology> " + topology + states
    expected += b"</Topology> <Tuples> " + tuples + b"</Tuples> <LogProbs> "
    expected += b"FV " + _int(5) + struct.pack("<f", 0) + 4 * half
    assert bytes(file.data) == expected + b"</LogProbs> </TransitionModel> "


def test_cepstra_agree_with_an_independent_implementation() -> None:
    # Values of kaldi-native-fbank 1.22 for this sound, computed once.
    t = np.arange(2000)
    sound = 6000 * np.sin(2 * np.pi * 440 * t / 8000)
    sound += 3000 * np.sin(2 * np.pi * (300 + t / 4) * t / 8000)
    sound = np.round(sound + 500 * ((t * 7919) % 101 - 50) / 50).astype(np.int16)
    cepstra = Cepstra(25, 40).of(sound)
    assert cepstra.shape == (23, 40)
    sixth = [102.5161, -13.2288, -0.1047, -52.8323, -76.6724, -109.8137]
    assert cepstra[5][:6] == pytest.approx(sixth, abs=1e-3)
    assert cepstra[-1][-4:] == pytest.approx([-8.4876, 2.5292, 4.6389, -3.6394], abs=1e-3)
    short = Cepstra(25, 30).of(sound)
    assert short[5][:3] == pytest.approx([91.3303, -10.2502, -0.5731], abs=1e-3)


def test_sound_shorter_than_a_frame_has_no_cepstra() -> None:
    assert Cepstra().of(np.zeros(199, np.int16)).shape == (0, 40)


def test_the_configuration_names_every_option_that_differs_from_kaldis_own() -> None:
    lines = Cepstra(25, 40).configuration().splitlines()
    assert "--sample-frequency=8000" in lines
    assert "--num-mel-bins=40" in lines
    assert "--num-ceps=40" in lines
    assert "--dither=0.0" in lines


def test_too_many_bands_for_a_short_frame_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        Cepstra(25, 120).of(np.zeros(800))


def _starts(*pairs: tuple[str, int]) -> list[PhoneStart]:
    return [PhoneStart(name, sample) for name, sample in pairs]


def test_closures_join_the_next_phone_and_stress_is_left_out() -> None:
    starts = _starts(
        *(("l", 0), ("'Au", 100), ("_|", 200), ("t", 260), ("@", 300), ("_|", 400), ("_:", 450)),
    )
    assert segments(starts, 500) == [
        *(Segment("l", 0, 100), Segment("Au", 100, 200), Segment("t", 200, 300)),
        *(Segment("@", 300, 450), Segment("SIL", 450, 500)),
    ]


def test_a_border_that_takes_no_time_is_no_segment() -> None:
    starts = _starts(("m", 0), ("A", 100), ("_|", 200), ("m", 200))
    assert [segment.phone for segment in segments(starts, 300)] == ["m", "A", "m"]


def test_a_sentence_that_espeak_reads_in_english_is_left_out() -> None:
    with pytest.raises(NotMandarin):
        segments(_starts(("(en)", 0), ("n", 10)), 20)
    with pytest.raises(NotMandarin):
        syllables("(en)naTr'i:rf'aIv(cmn)_|")


def test_every_character_is_one_syllable_and_nasals_go_where_they_belong() -> None:
    said = syllables("ji35nX'A35N_| p,u51_| nA51k'o-11_| na51nm'i35n_| ts.w'A55N_| '@r35_|")
    assert said == [
        *(("j", "i", "n"), ("X", "A", "N"), ("p", "u"), ("n", "A"), ("k", "o-")),
        *(("n", "a", "n"), ("m", "i", "n"), ("ts.", "w", "A", "N"), ("@r",)),
    ]


def test_a_frame_belongs_to_the_phone_at_its_centre() -> None:
    said = [Segment("m", 0, 800), Segment("A", 800, 1600)]
    names, numbers, begins = labels(said, 0.5, 200, Cepstra(25, 40), 13)
    assert names == ["SIL", "A", "m"]
    # 200 samples of silence, 400 of each phone; centres lie at 100, 180, 260 …
    assert [names[n] for n in numbers] == ["SIL"] * 2 + ["m"] * 5 + ["A"] * 5 + ["SIL"]
    assert np.flatnonzero(begins).tolist() == [0, 2, 7, 12]


def test_an_onset_lasts_as_long_as_one_answer() -> None:
    numbers = np.array([1, 1, 1, 1, 1, 1])
    begins = np.array([True, False, False, False, True, False])
    assert classes(numbers, begins, 10).tolist() == [1, 1, 1, 11, 1, 1]


def _acoustics() -> Acoustics:
    torch.manual_seed(3)
    network = new_network(5, 6, 8)
    network.train()
    network(torch.randn(4, 5, frames_for(20)))  # gives the normalisations something to remember
    mean, deviation = np.arange(5.0), np.arange(1.0, 6.0)
    return Acoustics(network.eval(), ("SIL", "a", "b", "c"), mean, deviation, np.full(8, 0.125))


def test_the_folded_layers_say_what_the_network_says() -> None:
    acoustics = _acoustics()
    cepstra = np.random.default_rng(1).standard_normal((frames_for(4), 5)) * 3
    normal = torch.from_numpy((cepstra - acoustics.mean) / acoustics.deviation).float()
    expected = acoustics.network(normal.T[None])[0].detach().numpy().T
    frames = dict(enumerate(cepstra))
    layers = affine_layers(acoustics)
    for index, layer in enumerate(layers):
        after = {}
        for t in frames:
            if all(t + offset in frames for offset in layer.offsets):
                spliced = np.concatenate([frames[t + offset] for offset in layer.offsets])
                out = layer.weight @ spliced + layer.bias
                after[t] = out if index == len(layers) - 1 else np.maximum(out, 0)
        frames = after
    answered = [frames[CONTEXT + 3 * answer] for answer in range(4)]
    assert np.array(answered) == pytest.approx(expected, abs=1e-4)


def test_the_model_file_holds_description_components_and_priors() -> None:
    data = acoustic_model(_acoustics(), [0, 1, 1])
    assert data.startswith(b"\0B<TransitionModel> ")
    assert b"<Nnet3> \ninput-node name=input dim=5\n" in data
    assert b"input=Append(Offset(tdnn1.relu, -3), tdnn1.relu, Offset(tdnn1.relu, 3))\n" in data
    assert b"\noutput-node name=output input=output.log-softmax objective=linear\n\n" in data
    assert b"<NumComponents> " + _int(14) in data
    assert data.count(b"CM3 ") == 5
    assert data.count(b"FM ") == 2
    assert data.endswith(b"<Priors> FV " + _int(8) + struct.pack("<8f", *[0.125] * 8))


def test_positions_of_phones_are_numbered_behind_silence() -> None:
    table = PhoneTable(("SIL", "a", "b"))
    assert [table.number("b", position) for position in range(4)] == [6, 7, 8, 9]
    assert table.classes == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert table.boundaries.splitlines()[:3] == ["1 nonword", "2 begin", "3 end"]
    assert table.unused_transition == 19


def test_words_with_a_common_beginning_share_it_in_the_tree() -> None:
    tree = PhoneTree(PhoneTable(("SIL", "a", "b", "c")))
    tree.add_word(1, Reading(("a", "b", "c")))
    tree.add_word(2, Reading(("a", "b", "b"), cost=1.5))
    assert tree.lines == [
        *("0 1 4 0 0.0000\n", "1 1 3 0 0\n", "1 2 16 0 0.0000\n", "2 2 15 0 0\n"),
        *("2 3 22 0 0.0000\n", "3 3 21 0 0\n", "3 0 0 1 0.0000\n"),
        *("2 4 14 0 0.0000\n", "4 4 13 0 0\n", "4 0 0 2 1.5000\n"),
    ]


def test_a_sentence_costs_in_the_grammar_graph_what_the_model_says() -> None:
    model = trained([["一", "二"], ["一", "一"]], {"一": 1.0, "二": 1.0, "三": 1.0}, 0.1)
    lines = [line.split() for line in grammar_lines(model, {"一": 1, "二": 2, "三": 3})]
    arcs = {
        (int(a), int(w)): (int(b), float(c)) for a, b, w, _, c in (x for x in lines if len(x) == 5)
    }
    ends = {int(state): float(cost) for state, cost in (x for x in lines if len(x) == 2)}
    assert lines[0][0] == "0"
    state, cost = 0, 0.0
    for word in (1, 3, 2):  # the second never followed the first: over backing off
        while (state, word) not in arcs:
            state, cost = arcs[state, 0][0], cost + arcs[state, 0][1]
        state, cost = arcs[state, word][0], cost + arcs[state, word][1]
    while state not in ends:
        state, cost = arcs[state, 0][0], cost + arcs[state, 0][1]
    assert cost + ends[state] == pytest.approx(-model.log_likelihood(["一", "三", "二"]), abs=1e-3)


@pytest.mark.skipif(shutil.which("fstcompile") is None, reason="needs Debian's libfst-tools")
def test_openfst_makes_graphs_whose_words_bear_the_same_numbers(tmp_path) -> None:
    words = {"一": [Reading(("a",))], "二": [Reading(("b", "a"))], "三": [Reading(("b",))]}
    model = trained([["一", "二"], ["三"]], dict.fromkeys(words, 1.0), 0.1)
    write_graph(tmp_path, PhoneTable(("SIL", "a", "b")), words, model)
    table = dict(line.split() for line in (tmp_path / "words.txt").read_text().splitlines())
    assert set(table) == {"<eps>", "[unk]", *words}
    printed = subprocess.run(
        ["fstprint", tmp_path / "Gr.fst"], capture_output=True, check=True, text=True
    )
    used = {line.split()[2] for line in printed.stdout.splitlines() if len(line.split()) > 2}
    assert used == {table[word] for word in words} | {"0"}


def test_noise_has_the_ratio_that_was_asked_for() -> None:
    voice = 8000 * np.sin(np.arange(16000) / 5)
    for seed in range(8):
        noisy = augmentation.with_noise(voice, 10, np.random.default_rng(seed))
        loud = voice[np.abs(voice) > 400].std()
        assert 20 * np.log10(loud / (noisy - voice).std()) == pytest.approx(10, abs=0.1)


def test_the_same_seed_is_the_same_line() -> None:
    voice = 8000 * np.sin(np.arange(8000) / 5)
    lines = [augmentation.random_line(voice, np.random.default_rng(5)) for _ in range(2)]
    assert lines[0].dtype == np.dtype("<i2")
    assert np.array_equal(*lines)


def test_a_faster_pace_is_shorter_and_its_ratio_tells_by_how_much() -> None:
    samples = np.zeros(22050, np.int16)
    voice, ratio = augmentation.to_line_rate(samples, 1.1)
    assert len(voice) == pytest.approx(8000 / 1.1, abs=5)
    assert ratio * 22050 == pytest.approx(len(voice), abs=5)


def test_frames_know_how_many_classes_they_have() -> None:
    frames = Frames(np.zeros((3, 2)), np.zeros(3), ("SIL", "a"))
    assert frames.class_count == 4


def test_an_invented_voice_lies_beside_those_that_espeak_brings(tmp_path) -> None:
    data = with_invented_voices(tmp_path / "data", 1)
    variants = data / "voices" / "!v"
    assert (variants / "m1").is_file()
    assert (data / "cmn_dict").is_file()
    lines = (variants / invented_names()[0]).read_text().splitlines()
    assert lines[:2] == ["language variant", "name invented0"]
    assert sum(line.startswith("formant ") for line in lines) == 9
    with_invented_voices(tmp_path / "data", 1)  # again over what is there


def test_invented_voices_differ_and_some_lack_a_formant() -> None:
    random = np.random.default_rng(1)
    voices = [invented_voice(f"v{number}", random) for number in range(100)]
    assert len(set(voices)) == 100
    assert 5 <= sum(" 0 0 0 0\n" in voice for voice in voices) <= 40
    assert not any("klatt 2" in voice for voice in voices)
