"""The telephone: what callers hear of the replies, and what becomes of their calls.

The line itself is ``voice``; here stands whoever answers on it. Nothing but the words is imported
with the package, so that the conversation service can make its replies speakable.
"""

from bot.channels.phone.speakable import speakable

__all__ = ["speakable"]
