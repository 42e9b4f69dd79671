"""A tiny Mandarin model for vosk, made from nothing but our own texts and a speech synthesiser.

``python -m voice.recognition.training`` rebuilds it: espeak-ng speaks our sentences and tells where
each phone begins, a small network learns the phones, and OpenFst packs lexicon and language model.
No part of Kaldi is used; ``kaldi`` writes its file formats. Loading the model is the recogniser's.
"""
