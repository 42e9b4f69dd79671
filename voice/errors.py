"""What can go wrong in a call, and what whoever catches it may do.

CallError
  TransportClosed           the caller or the exchange hung up: end the call quietly
  TransportGarbled          the other side broke the protocol: end this call, keep the line
  Busy                      as many calls as this line carries: refuse politely, offer a call-back
  RecognizerUnavailable     retryable: the line goes on by keys
  SynthesizerUnavailable    retryable: the next engine, or a recording, speaks
  AnswererFailed            apologise and offer a call-back ticket
  RegistrationRefused       an exchange or a caller's leg that nobody announced: no call begins
  AudioUnreadable           a sound file or message is not sound that is known here: say which
  ModelUnavailable          a model is missing or damaged: tell the operator how to fetch it

Messages show what was expected and what came, and never the caller's number or words.
"""

from __future__ import annotations


class CallError(Exception):
    """Root of everything that this package raises on purpose."""


class TransportClosed(CallError):
    """The other end is gone; whoever steps the call ends it quietly."""


class TransportGarbled(CallError):
    """The other end sent what its protocol does not allow; only this call suffers."""


class Busy(CallError):
    """The line carries no more calls, or is closing."""


class RecognizerUnavailable(CallError):
    """Nothing can be recognised just now; may pass."""


class SynthesizerUnavailable(CallError):
    """An engine could not say a sentence; may pass."""


class AnswererFailed(CallError):
    """Whoever knows the answers did not give one."""


class RegistrationRefused(CallError):
    """A call nobody announced, or announced by somebody who may not."""


class AudioUnreadable(CallError):
    """Bytes that are not sound in a form that is known here."""


class ModelUnavailable(CallError):
    """Files of a model are missing or damaged."""
