"""A trained network as ``am/final.mdl``: affine layers, rectifiers, Kaldi's own nnet3 description.

The normalisations are folded into the affine layer that follows each of them, the input's own into
the first. Inner layers keep eight bits per weight; the first and the last are kept in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from voice.recognition.training.arrays import Array
from voice.recognition.training.kaldi import BinaryWriter, write_transition_model
from voice.recognition.training.network import CONTEXT, LAYERS
from voice.recognition.training.train import Acoustics


@dataclass(frozen=True)
class Affine:
    """``weight``: one row per output over the spliced inputs; ``offsets``: the splicing."""

    weight: Array
    bias: Array
    offsets: tuple[int, ...]


def acoustic_model(acoustics: Acoustics, phone_classes: Sequence[int]) -> bytes:
    """Return the file; ``phone_classes``: for each phone of the graph its class in the network."""
    layers = affine_layers(acoustics)
    classes = len(layers[-1].bias)
    file = BinaryWriter()
    write_transition_model(file, phone_classes, classes)
    file.token("<Nnet3>")
    file.text("\n" + _description(layers) + "\n")
    _write_components(file, layers)
    file.token("</Nnet3>", "<LeftContext>")
    file.integer(CONTEXT)
    file.token("<RightContext>")
    file.integer(CONTEXT)
    file.token("<Priors>")
    file.vector(acoustics.priors)
    return bytes(file.data)


def affine_layers(acoustics: Acoustics) -> list[Affine]:
    """Return the network as affine layers with rectifiers between them."""
    scale, shift = 1.0 / acoustics.deviation, -acoustics.mean / acoustics.deviation
    modules = list(acoustics.network)
    convolutions = [module for module in modules if isinstance(module, nn.Conv1d)]
    normalisations = [module for module in modules if isinstance(module, nn.BatchNorm1d)]
    offsets = [layer.offsets for layer in LAYERS] + [(0,)]
    layers = []
    for index, convolution in enumerate(convolutions):
        layers.append(_folded(convolution, scale, shift, offsets[index]))
        if index < len(normalisations):
            scale, shift = _scale_and_shift(normalisations[index])
    return layers


def _folded(convolution: Any, scale: Array, shift: Array, offsets: tuple[int, ...]) -> Affine:
    weight = _array(convolution.weight)  # (outputs, inputs, taps)
    bias = _array(convolution.bias) + (weight * shift[None, :, None]).sum((1, 2))
    spliced = (weight * scale[None, :, None]).transpose(0, 2, 1)
    return Affine(spliced.reshape(len(weight), -1), bias, offsets)


def _scale_and_shift(normalisation: Any) -> tuple[Array, Array]:
    scale = _array(normalisation.weight) / np.sqrt(
        _array(normalisation.running_var) + normalisation.eps
    )
    return scale, _array(normalisation.bias) - _array(normalisation.running_mean) * scale


def _array(tensor: Any) -> Array:
    array: Array = tensor.detach().double().numpy()
    return array


def _description(layers: Sequence[Affine]) -> str:
    lines = [f"input-node name=input dim={layers[0].weight.shape[1] // len(layers[0].offsets)}"]
    before = "input"
    for index, layer in enumerate(layers):
        affine, after = _names(index, len(layers))
        spliced = ", ".join(
            before if offset == 0 else f"Offset({before}, {offset})" for offset in layer.offsets
        )
        taken = f"Append({spliced})" if len(layer.offsets) > 1 else before
        lines.append(f"component-node name={affine} component={affine} input={taken}")
        lines.append(f"component-node name={after} component={after} input={affine}")
        before = after
    lines.append(f"output-node name=output input={before} objective=linear")
    return "\n".join(lines) + "\n"


def _names(index: int, count: int) -> tuple[str, str]:
    if index == count - 1:
        return "output.affine", "output.log-softmax"
    return f"tdnn{index}.affine", f"tdnn{index}.relu"


def _write_components(file: BinaryWriter, layers: Sequence[Affine]) -> None:
    file.token("<NumComponents>")
    file.integer(2 * len(layers))
    for index, layer in enumerate(layers):
        is_inner = 0 < index < len(layers) - 1
        affine, after = _names(index, len(layers))
        file.token("<ComponentName>", affine, "<FixedAffineComponent>", "<LinearParams>")
        write: Callable[[Array], None] = file.matrix_in_bytes if is_inner else file.matrix
        write(layer.weight)
        file.token("<BiasParams>")
        file.vector(layer.bias)
        file.token("</FixedAffineComponent>", "<ComponentName>", after)
        last = index == len(layers) - 1
        _write_nonlinear(file, "LogSoftmax" if last else "RectifiedLinear", len(layer.bias))


def _write_nonlinear(file: BinaryWriter, kind: str, size: int) -> None:
    file.token(f"<{kind}Component>", "<Dim>")
    file.integer(size)
    for statistics in ("<ValueAvg>", "<DerivAvg>"):  # of Kaldi's own training; none here
        file.token(statistics)
        file.vector([])
    file.token("<Count>")
    file.real(0.0)
    file.token(f"</{kind}Component>")
