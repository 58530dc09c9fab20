import json
import unittest

from bruin.handlers import Handlers
from bruin.tickets import Tickets
from tests.fake import FakeBruin


async def ask(bruin, subject, request):
    handle = Handlers(Tickets(bruin)).by_subject()[subject]
    return await handle(json.dumps(request).encode())


class HandlersTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_request_reaches_bruin(self):
        bruin = FakeBruin((200, {"ticketIds": [7]}))
        reply = await ask(bruin, "bruin.ticket.create",
                          {"client_id": 1, "serial": "VC1", "topic": "VOO"})
        self.assertEqual((reply.status, len(bruin.calls)), (201, 1))

    async def test_missing_fields_are_named(self):
        reply = await ask(FakeBruin(), "bruin.ticket.create", {"serial": "V"})
        self.assertEqual(reply.status, 400)
        self.assertEqual(reply.body, "missing fields: client_id, topic")

    async def test_an_unreachable_bruin_is_503(self):
        bruin = FakeBruin(ConnectionRefusedError("refused"))
        reply = await ask(bruin, "bruin.ticket.open.get",
                          {"client_id": 1, "serial": "VC1"})
        self.assertEqual(reply.status, 503)
        self.assertIn("refused", reply.body)
