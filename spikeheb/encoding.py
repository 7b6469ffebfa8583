"""Text files as programs of many countries write them: which characters their bytes are, and numbers that are read differently there."""

from __future__ import annotations

import re

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BOTH_MARKS = r"[+-]?[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+,[0-9]+|(?:,[0-9]{3})+\.[0-9]+)"
_WITH_BOTH_MARKS = re.compile(rf"{_BOTH_MARKS}(?:,{_BOTH_MARKS})*")


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


def has_both_marks(text: str) -> bool:
    """Whether the text is a number with marks between its thousands and another decimal mark, or several separated by commas.

    Such as ``1.234,5`` and ``1,234.5``, which may also be two numbers.
    """
    return _WITH_BOTH_MARKS.fullmatch(text.replace('"', "").strip("' ")) is not None


def both_marks(text: str) -> str:
    """What is wrong with such a number, in words."""
    return f'"{text[:30]}" has marks between thousands beside a decimal mark, or is two numbers; write it with a decimal point alone'
