import asyncio
import unittest

from automation_utils import health


class AnswerTest(unittest.TestCase):
    def test_statuses(self):
        cases = [
            (b"GET /_health HTTP/1.1\r\n", True, 200),
            (b"GET /_health HTTP/1.1\r\n", False, 503),
            (b"GET / HTTP/1.1\r\n", True, 404),
            (b"POST /_health HTTP/1.1\r\n", True, 404),
            (b"", True, 404),
        ]
        for line, healthy, status in cases:
            with self.subTest(line=line, healthy=healthy):
                self.assertEqual(health.answer(line, healthy), status)


class ServeTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_request_over_a_socket(self):
        server = await health.serve(lambda: True, "127.0.0.1", 0)
        self.addCleanup(server.close)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.addCleanup(writer.close)
        writer.write(b"GET /_health HTTP/1.1\r\n\r\n")
        self.assertEqual(await reader.readline(), b"HTTP/1.1 200 OK\r\n")
