"""Registered documents: texts that clients sent once with their hash, to send the hash later."""

from collections import OrderedDict


class RegisteredDocuments:
    """The texts used last, by SHA-256 in hex: at most `capacity` of `size` bytes together.

    Those that were not used for longest are forgotten first; a client is asked for them again.
    """

    def __init__(self, capacity: int = 1000, size: int = 4_194_304) -> None:
        self._capacity = capacity
        self._size = size
        self._texts: OrderedDict[str, str] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self._texts)

    def get(self, digest: str) -> str | None:
        """The text with this hash, used now."""
        text = self._texts.get(digest)
        if text is not None:
            self._texts.move_to_end(digest)
        return text

    def add(self, digest: str, text: str) -> None:
        """Remember `text`, whose hash the caller has checked."""
        if digest in self._texts:
            self._texts.move_to_end(digest)
            return
        self._texts[digest] = text
        self.bytes += _bytes(text)
        while len(self._texts) > self._capacity or self.bytes > self._size:
            _, forgotten = self._texts.popitem(last=False)
            self.bytes -= _bytes(forgotten)


def _bytes(text: str) -> int:
    return len(text.encode())
