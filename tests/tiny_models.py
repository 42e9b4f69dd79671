"""Models in the formats in which public ones come, small enough for a test: random, but seeded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

SEED = 20261122
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "社保卡补办丢了怎么居住证外地人老年优待坐车免费垃圾没清为这个句子生成表示以用于检索相关文章：，。？"
DIMENSIONS = 32


def save_encoder(
    place: Path, *, pooling: Literal["cls", "mean"] = "mean", seed: int = SEED
) -> Path:
    """A BERT of two layers with pooling, in the files that bge and text2vec ship."""
    import torch
    from transformers import BertModel

    torch.manual_seed(seed)
    BertModel(_config()).save_pretrained(place)
    _tokenizer(place).save_pretrained(place)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    rows = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(modules)
    ]
    _write(place / "modules.json", rows)
    _write(place / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": True})
    modes = {
        "word_embedding_dimension": DIMENSIONS,
        "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_mean_tokens": pooling == "mean",
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }
    _write(place / "1_Pooling" / "config.json", modes)
    (place / "2_Normalize").mkdir()
    return place


def save_reranker(place: Path, *, figures: int = 1, seed: int = SEED) -> Path:
    """A BERT of two layers that gives a pair so many figures, in the files of bge-reranker."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(seed)
    BertForSequenceClassification(_config(num_labels=figures)).save_pretrained(place)
    _tokenizer(place).save_pretrained(place)
    return place


def _config(**more: Any) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(SPECIAL) + len(dict.fromkeys(LETTERS)),
        hidden_size=DIMENSIONS,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.5,
        **more,
    )


def _tokenizer(place: Path) -> Any:
    from transformers import BertTokenizerFast

    vocabulary = place / "vocab.txt"
    vocabulary.write_text("\n".join([*SPECIAL, *dict.fromkeys(LETTERS)]) + "\n", encoding="utf-8")
    return BertTokenizerFast(str(vocabulary))


def _write(path: Path, data: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
