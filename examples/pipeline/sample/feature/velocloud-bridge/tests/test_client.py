import unittest

from automation_utils.backoff import Backoff
from velocloud.client import LINKS, Client


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def ask(self, *responses):
        left, calls = list(responses), []

        async def post(path, body, headers):
            calls.append((path, body, headers))
            return left.pop(0)

        client = Client(post, "secret", Backoff(first=0))
        return await client.links(137), calls

    async def test_the_token_and_the_enterprise_are_sent(self):
        reply, calls = await self.ask((200, {}, []))
        self.assertEqual((reply.status, reply.body), (200, []))
        self.assertEqual(calls, [(LINKS, {"enterpriseId": 137},
                                  {"Authorization": "Token secret"})])

    async def test_failures_of_the_orchestrator_are_tried_again(self):
        reply, calls = await self.ask(
            (502, {}, None), (429, {"Retry-After": "0"}, None), (200, {}, []))
        self.assertEqual((reply.status, len(calls)), (200, 3))

    async def test_a_wrong_request_is_not(self):
        reply, calls = await self.ask((400, {}, "no such enterprise"))
        self.assertEqual((reply.status, len(calls)), (400, 1))

    async def test_a_long_maintenance_is_not_waited_for(self):
        reply, calls = await self.ask((503, {"Retry-After": "1800"}, "later"))
        self.assertEqual((reply.status, len(calls)), (503, 1))
