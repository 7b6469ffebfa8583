"""Text files as programs of many countries write them: which characters their bytes are."""

from __future__ import annotations

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decoded(content: bytes) -> str:
    """The text of UTF-16 with a byte order mark, of UTF-8 (with a mark or without), or else of Windows-1252.

    The last is what Excel saves in many countries; a micro sign or an umlaut is one byte in it.

    Raises
    ------
    ValueError
        For what is none of these, or holds zero bytes and so is no text.
    """
    if content[:2] in UTF_16_MARKS:
        return content.decode("utf-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    if "\0" in text:
        raise ValueError("it holds zero bytes")
    return text
