"""Voice: sentences in English and Chinese, what is answered to them, and what they may begin."""

from .consent import async_expose_entities
from .desk import VoiceDesk, preload

__all__ = ["VoiceDesk", "async_expose_entities", "preload"]
