"""The body of an answer: unzipped, bounded, decoded."""

from __future__ import annotations

import json
import math
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST_BODY = 32 * 1024 * 1024  # bytes, decoded


class BadBodyError(Exception):
    """A body that cannot be read; ``truncated`` if its end is what is missing."""

    def __init__(self, happened: str, *, truncated: bool = False) -> None:
        super().__init__(happened)
        self.truncated = truncated


class TooDeepError(ValueError):
    """JSON that is nested so deeply that it cannot be read, or could not be written again."""


def decode(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A body piece by piece, unzipped where its content encoding says so. Raises `BadBodyError`.

    httpx's own decoders can neither be bounded nor see that the end is missing.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise BadBodyError("the answer has a content encoding that was not asked for")
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    size = received = 0
    for piece in pieces:
        received += len(piece)
        try:
            chunk = unzip.decompress(piece, LARGEST_BODY - size + 1) if unzip else piece
        except zlib.error as error:
            raise BadBodyError("the answer cannot be unzipped") from error
        size += len(chunk)
        if max(size, received) > LARGEST_BODY:
            raise BadBodyError("the answer is larger than 32 MiB")
        yield chunk
    if unzip and received and not unzip.eof:
        raise BadBodyError("the answer broke off", truncated=True)


def parse_json(body: bytes) -> Any:
    """The value that the body is in JSON; None if it is not JSON."""
    try:
        return read_json(body)
    except ValueError:
        return None


def read_json(text: str | bytes) -> Any:
    """A value in JSON.

    Raises ValueError for what is none, NaN among it, and TooDeepError, which is one.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError as error:
        raise TooDeepError("it is nested too deeply") from error


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError("JSON has no such number")
    return number
