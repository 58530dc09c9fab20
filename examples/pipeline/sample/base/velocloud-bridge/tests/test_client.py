import unittest

from velocloud.client import LINKS, Client


class ClientTest(unittest.IsolatedAsyncioTestCase):
    async def test_the_token_and_the_enterprise_are_sent(self):
        calls = []

        async def post(path, body, headers):
            calls.append((path, body, headers))
            return 200, {}, []

        reply = await Client(post, "secret").links(137)
        self.assertEqual((reply.status, reply.body), (200, []))
        self.assertEqual(calls, [(LINKS, {"enterpriseId": 137},
                                  {"Authorization": "Token secret"})])
