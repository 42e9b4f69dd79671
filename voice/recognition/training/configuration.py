"""The two configuration files of the model: how to decode, and (from ``features``) what to hear.

When a caller has finished is decided by ``voice.endpointing``; the rules here only keep vosk's own
from cutting a sentence at a breath.
"""

from __future__ import annotations

from voice.recognition.training.dataset import STEP

DECODING = f"""\
--min-active=200
--max-active=3000
--beam=13.0
--lattice-beam=6.0
--acoustic-scale=0.4
--frame-subsampling-factor={STEP}
--frames-per-chunk=30
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.8
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=1.5
"""
