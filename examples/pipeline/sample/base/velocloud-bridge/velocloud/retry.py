"""Tries again after a fixed pause."""
import asyncio


async def retry(attempt, failed, tries: int = 3, pause: float = 5,
                sleep=asyncio.sleep):
    """The first result of attempt() that has not failed, or the last one."""
    result = await attempt()
    for _ in range(tries - 1):
        if not failed(result):
            break
        await sleep(pause)
        result = await attempt()
    return result
