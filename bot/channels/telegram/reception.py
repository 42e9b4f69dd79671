"""What each update gets: words to the conversation service, everything else a kind sentence.

In a group only general answers are given, each question in a conversation of its own: what is
somebody's own affair belongs into the private chat.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from telegram import Audio, Message, MessageEntity, Update, Voice
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot import clock
from bot.channels.telegram import records, sentences
from bot.channels.telegram.inbox import InOrder
from bot.channels.telegram.posting import Letter, Poster
from bot.channels.telegram.signs import acknowledge, mark, typing
from bot.channels.telegram.threads import in_thread
from bot.channels.voice_messages import (
    LARGEST_BYTES as LARGEST_VOICE_BYTES,
)
from bot.channels.voice_messages import (
    LONGEST_SECONDS,
    TOO_LONG,
    UNCLEAR,
    VoiceUnreadable,
    heard,
)
from bot.conversations import phrases, service
from bot.conversations.messages import Button, Kind, Reply, Turn
from bot.conversations.privacy import mask
from bot.evidence import phrases as refusals
from bot.evidence.errors import UploadRefused
from bot.evidence.pictures import LARGEST_BYTES
from bot.evidence.services import upload_take

log = logging.getLogger(__name__)

Context = ContextTypes.DEFAULT_TYPE

MOST_ALBUMS = 1000
# What anybody in a group may read. The rest is about one resident.
_GENERAL: frozenset[Kind] = frozenset(
    {"answer", "clarify", "referral", "emergency", "fallback", "smalltalk"}
)
_MASKED = re.compile(r"<[a-z]+>")
_PICTURES = filters.PHOTO | filters.Document.IMAGE
_OTHER = (
    (filters.Sticker.ALL | filters.ANIMATION | filters.Dice.ALL, sentences.STICKER),
    (filters.LOCATION | filters.VENUE, sentences.LOCATION),
    (filters.CONTACT, sentences.CONTACT),
)


class Transcriber(Protocol):
    """Turns a voice message into words; blocking, called in a thread."""

    def __call__(self, audio: bytes) -> str:
        """Return the words; raises VoiceUnreadable with a sentence for the resident."""


@dataclass
class Reception:
    """Receives updates, one at a time for each chat (``InOrder``)."""

    poster: Poster
    order: InOrder
    transcribe: Transcriber | None = None
    _albums: dict[str, int] = field(default_factory=dict)

    def furnish(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Register who deals with what."""
        private, new = filters.ChatType.PRIVATE, filters.UpdateType.MESSAGE
        application.add_handlers(
            [
                CommandHandler("start", self.start, new),
                CommandHandler("help", self.help, new),
                CommandHandler("human", self.human, new),
                CallbackQueryHandler(self.press),
                MessageHandler(filters.UpdateType.EDITED_MESSAGE & private, self.edited),
                MessageHandler(filters.ChatType.GROUPS & new & filters.TEXT, self.in_group),
                MessageHandler(private & new & filters.TEXT, self.said),
                MessageHandler(private & new & (filters.VOICE | filters.AUDIO), self.voice),
                MessageHandler(private & new & _PICTURES, self.picture),
                MessageHandler(private & new & ~filters.StatusUpdate.ALL, self.something_else),
            ]
        )
        application.add_error_handler(self.failed)

    async def start(self, update: Update, context: Context) -> None:
        """Greet, say who speaks and what is kept, and show how one asks."""
        buttons = [Button(example, f"say:{example}") for example in phrases.EXAMPLES]
        await self._say(update, f"{phrases.greeting(clock.now())}\n{phrases.NOTICE}", buttons)

    async def help(self, update: Update, context: Context) -> None:
        """Say what can be asked."""
        buttons = [Button(example, f"say:{example}") for example in phrases.EXAMPLES]
        await self._say(update, phrases.SMALL_TALK["help"], buttons)

    async def human(self, update: Update, context: Context) -> None:
        """Ask for a person."""
        if _is_group(update):
            await self._say(update, sentences.PRIVATE_ONLY)
        else:
            await self._ask(update, "", payload=phrases.HUMAN_PAYLOAD)

    async def said(self, update: Update, context: Context) -> None:
        """Answer words."""
        await self._ask(update, _message(update).text or "")

    async def edited(self, update: Update, context: Context) -> None:
        """Answer changed words anew; not while a form is open: it may have gone on since."""
        text = _message(update).text
        if text is None:
            return
        if await in_thread(records.asks_for_something, _message(update).chat_id):
            await self._say(update, sentences.EDITED_TOO_LATE)
        else:
            await self._ask(update, text)

    async def in_group(self, update: Update, context: Context) -> None:
        """Answer who speaks to us; all else in a group is none of our business."""
        message = _message(update)
        if not _is_addressed(message, context.bot.id, context.bot.username):
            return
        name = re.escape(f"@{context.bot.username}")
        text = re.sub(name, " ", message.text or "", flags=re.IGNORECASE).strip()
        await self._ask(update, text)

    async def press(self, update: Update, context: Context) -> None:
        """Do what a button stands for, and show that it was pressed."""
        query = update.callback_query
        assert query is not None
        await acknowledge(query)
        if query.message is None:
            return
        chat_id = query.message.chat.id
        press = await in_thread(records.pressed, query.data or "", chat_id, _message_id(update))
        if press is None or press.is_stale:
            await self._say(update, sentences.OUT_OF_DATE)
            return
        await mark(query)
        payload, title = press.button.payload, press.button.title
        if _is_group(update) and payload == phrases.HUMAN_PAYLOAD:
            await self._say(update, sentences.PRIVATE_ONLY)
        else:
            await self._ask(update, title, payload, press.conversation_id)

    async def voice(self, update: Update, context: Context) -> None:
        """Answer a voice message if somebody can write down what it says."""
        recording = _message(update).voice or _message(update).audio
        assert recording is not None
        if self.transcribe is None:
            await self._say(update, sentences.VOICE)
            return
        try:
            words = await in_thread(self.transcribe, await _recorded(recording))
        except VoiceUnreadable as error:
            await self._say(update, str(error))
        except TelegramError as error:
            log.warning("update %s: no recording (%s)", update.update_id, type(error).__name__)
            await self._say(update, UNCLEAR)
        else:
            await self._ask(update, words, before=heard(words))

    async def picture(self, update: Update, context: Context) -> None:
        """Keep a picture and answer its words; an album is answered once."""
        words = _message(update).caption or ""
        is_first = self._is_first_of_its_album(update)
        upload_id, trouble = await _taken(update)
        if trouble:
            if words:
                await self._ask(update, words, before=trouble)
            elif is_first:
                await self._say(update, trouble)
            return
        is_told = not words and not is_first
        if not is_told or not await in_thread(service.attachment_add, _sender(update), upload_id):
            await self._ask(update, words, attachments=(upload_id,))

    async def something_else(self, update: Update, context: Context) -> None:
        """A film, a sticker, a place …: say kindly that words are needed."""
        message = _message(update)
        if message.caption:
            await self._ask(update, message.caption)
        elif self._is_first_of_its_album(update):
            fitting = (text for kind, text in _OTHER if kind.check_update(update))
            await self._say(update, next(fitting, sentences.FILE))

    async def failed(self, update: object, context: Context) -> None:
        """What nobody named: log where, never what was said, and apologise."""
        error = context.error
        if error is None or not isinstance(update, Update):
            return
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("update %s failed (%s)\n%s", update.update_id, type(error).__name__, where)
        self.order.failed(update.update_id)
        if update.effective_chat:
            await self._say(update, phrases.APOLOGY)

    def _is_first_of_its_album(self, update: Update) -> bool:
        """Whether no other picture of the same album has got its sentence."""
        album = _message(update).media_group_id
        if album is None:
            return True
        if len(self._albums) > MOST_ALBUMS:
            self._albums.clear()
        return self._albums.setdefault(album, update.update_id) == update.update_id

    async def _ask(
        self,
        update: Update,
        text: str,
        payload: str = "",
        conversation_id: str = "",
        before: str = "",
        attachments: tuple[str, ...] = (),
    ) -> None:
        """Put a turn to the service and send its reply."""
        turn = Turn(
            owner="telegram",
            channel="telegram",
            conversation_id=conversation_id or _new_conversation(update),
            text=text.replace("\x00", ""),
            message_id=_message_id(update),
            payload=payload,
            attachments=attachments,
        )
        try:
            async with typing(update):
                reply = await in_thread(service.answer, turn)
        except service.PayloadRefused:
            await self._say(update, sentences.OUT_OF_DATE)
            return
        said, buttons = _fit_for(update, reply, text)
        # In danger the number to call stays first.
        said = f"{before}\n{said}" if before and reply.kind != "emergency" else said
        await self._say(update, said, buttons, reply.turn_id)

    async def _say(
        self, update: Update, text: str, buttons: Sequence[Button] = (), turn_id: str = ""
    ) -> None:
        chat = update.effective_chat
        assert chat is not None
        await self.poster.post(
            Letter(
                key=_message_id(update),
                chat_id=chat.id,
                text=text,
                buttons=buttons,
                turn_id=turn_id if buttons else "",
                answers=_message(update).message_id if _is_group(update) else None,
            )
        )


async def _recorded(recording: Voice | Audio) -> bytes:
    """Fetch a recording; raises VoiceUnreadable, before anything is fetched, if it is too long."""
    # The attribute is about to change its type, and warns of it.
    is_long = recording.to_dict()["duration"] > LONGEST_SECONDS
    if is_long or (recording.file_size or 0) > LARGEST_VOICE_BYTES:
        raise VoiceUnreadable(TOO_LONG)
    file = await recording.get_file()
    return bytes(await file.download_as_bytearray())


async def _taken(update: Update) -> tuple[str, str]:
    """Keep the picture of a message; returns its upload's id, or a sentence about the trouble."""
    message = _message(update)
    sent = message.photo[-1] if message.photo else message.document
    assert sent is not None
    if (sent.file_size or 0) > LARGEST_BYTES:
        return "", refusals.TOO_LARGE
    try:
        file = await sent.get_file()
        data = bytes(await file.download_as_bytearray())
        upload = await in_thread(upload_take, data, owner=_sender(update))
    except TelegramError as error:
        log.warning("update %s: no picture (%s)", update.update_id, type(error).__name__)
        return "", sentences.PICTURE_LOST
    except UploadRefused as error:
        return "", str(error)
    return upload.upload_id, ""


def _sender(update: Update) -> str:
    return service.sender_of("telegram", "telegram", _new_conversation(update))


def _fit_for(update: Update, reply: Reply, asked: str) -> tuple[str, Sequence[Button]]:
    """Return text and buttons; in a group nothing that is about one resident."""
    if not _is_group(update):
        return reply.text, reply.buttons
    if reply.kind not in _GENERAL:
        return sentences.PRIVATE_ONLY, ()
    if _MASKED.search(mask(asked)):
        return f"{reply.text}\n{sentences.NO_PRIVATE_DATA_HERE}", reply.buttons
    return reply.text, reply.buttons


def _new_conversation(update: Update) -> str:
    assert update.effective_chat is not None
    chat_id = update.effective_chat.id
    return f"group:{chat_id}:{update.update_id}" if _is_group(update) else str(chat_id)


def _message_id(update: Update) -> str:
    return f"tg-{update.update_id}"


def _message(update: Update) -> Message:
    message = update.effective_message
    assert message is not None
    return message


def _is_group(update: Update) -> bool:
    return update.effective_chat is not None and update.effective_chat.id < 0


def _is_addressed(message: Message, bot_id: int, username: str) -> bool:
    answered = message.reply_to_message
    if answered and answered.from_user and answered.from_user.id == bot_id:
        return True
    mentions = message.parse_entities([MessageEntity.MENTION]).values()
    return f"@{username}".lower() in {mention.lower() for mention in mentions}
