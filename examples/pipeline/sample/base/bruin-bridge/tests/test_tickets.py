import json
import pathlib
import unittest

from bruin.tickets import Tickets
from tests.fake import FakeBruin, ticket

CONTRACT = pathlib.Path(__file__).parents[1] / "contract" / "tickets.json"


class TicketsTest(unittest.IsolatedAsyncioTestCase):
    async def test_open_tickets_keep_the_contract(self):
        bruin = FakeBruin((200, {"responses": [
            ticket(5061427, "InProgress", "2021-06-28T09:12:44Z"),
            ticket(5000001, "Closed", "2020-01-01T00:00:00Z"),
        ]}))
        reply = await Tickets(bruin).open_for(30000, "VC05400002265")
        want = json.loads(CONTRACT.read_text())
        self.assertEqual({"status": reply.status, "body": reply.body}, want)

    async def test_open_tickets_come_oldest_first(self):
        bruin = FakeBruin((200, {"responses": [
            ticket(2, "New", "2021-02-02T00:00:00Z"),
            ticket(1, "Draft", "2021-01-01T00:00:00Z"),
        ]}))
        reply = await Tickets(bruin).open_for(30000, "VC05400002265")
        self.assertEqual([t["ticket_id"] for t in reply.body], [1, 2])

    async def test_a_failure_of_bruin_is_passed_on(self):
        bruin = FakeBruin((500, "internal error"))
        reply = await Tickets(bruin).open_for(30000, "VC05400002265")
        self.assertEqual((reply.status, reply.ok), (500, False))

    async def test_a_ticket_is_created(self):
        bruin = FakeBruin((200, {"ticketIds": [5061428]}))
        reply = await Tickets(bruin).create(30000, "VC1", "VOO")
        self.assertEqual(reply.body, {"ticket_id": 5061428})
        self.assertEqual(bruin.calls[0][2]["json"]["category"], "VOO")

    async def test_a_second_ticket_is_a_conflict(self):
        bruin = FakeBruin((200, {"ticketIds": []}))
        reply = await Tickets(bruin).create(30000, "VC1", "VOO")
        self.assertEqual(reply.status, 409)
