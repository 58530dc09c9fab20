"""The health endpoint that ECS asks: GET /_health on one port."""
import asyncio
from collections.abc import Callable

STATUS_LINES = {
    200: b"HTTP/1.1 200 OK",
    404: b"HTTP/1.1 404 Not Found",
    503: b"HTTP/1.1 503 Service Unavailable",
}


def answer(request_line: bytes, healthy: bool) -> int:
    """The status for the first line of a request."""
    if request_line.split(b" ")[:2] != [b"GET", b"/_health"]:
        return 404
    return 200 if healthy else 503


async def serve(healthy: Callable[[], bool], host: str = "0.0.0.0",
                port: int = 5000) -> asyncio.Server:
    """Answer health checks until the returned server is closed."""

    async def handle(reader, writer):
        status = answer(await reader.readline(), healthy())
        writer.write(STATUS_LINES[status] + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, host, port)
