"""Trying again, later each time, and not all services at the same moment."""
import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Backoff:
    """How often to try, and how long to wait in between, in seconds."""

    tries: int = 5
    first: float = 1
    longest: float = 60

    def pause(self, failures: int, asked: float | None = None,
              uniform=random.uniform) -> float:
        """The wait after so many failures: a random part of a limit that
        doubles each time. What the server asked for is waited at least."""
        limit = min(self.longest, self.first * 2 ** (failures - 1))
        return max(uniform(0, limit), asked or 0)


async def retry(attempt: Callable[[], Awaitable[T]],
                failed: Callable[[T], bool],
                asked: Callable[[T], float | None] = lambda _: None,
                backoff: Backoff = Backoff(),
                sleep=asyncio.sleep) -> T:
    """The first result that has not failed, or else the last one.

    A server that asks for a longer wait than the longest is not waited for:
    whoever asked us is better told so now.
    """
    result = await attempt()
    for failures in range(1, backoff.tries):
        if not failed(result) or (asked(result) or 0) > backoff.longest:
            break
        await sleep(backoff.pause(failures, asked(result)))
        result = await attempt()
    return result


def retry_after(headers) -> float | None:
    """The seconds of a Retry-After header; None where there is none. Its
    other form, a date, is not understood."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None
