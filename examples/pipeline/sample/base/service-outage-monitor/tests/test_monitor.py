import pathlib
import unittest

from automation_utils.replies import Reply, decode
from outages import Monitor

ROOT = pathlib.Path(__file__).parents[2]
BOSTON, NEWARK = "VC05400002265", "VC05400009183"


def promised(path):
    # A reply as the bridge promises it.
    return decode((ROOT / path).read_bytes())


class Bus:
    def __init__(self, **changed):
        self.asked = []
        self.replies = {
            "velocloud.edges.get":
                promised("velocloud-bridge/contract/edges.json"),
            "bruin.ticket.open.get":
                promised("bruin-bridge/contract/tickets.json"),
            "bruin.ticket.note.append": Reply(200),
            "bruin.ticket.create": Reply(201, {"ticket_id": 1}),
        }
        for subject, reply in changed.items():
            self.replies[subject.replace("_", ".")] = reply

    async def ask(self, subject, **request):
        self.asked.append((subject, request))
        return self.replies[subject]


class MonitorTest(unittest.IsolatedAsyncioTestCase):
    async def after(self, minutes, bus, **options):
        monitor = Monitor(bus.ask, 30000, 137, **options)
        await monitor.run(0)
        return await monitor.run(minutes * 60)

    async def test_a_short_outage_mends_itself(self):
        bus = Bus()
        done = await self.after(19, bus)
        self.assertEqual(done, {BOSTON: "within grace",
                                NEWARK: "within grace"})
        self.assertEqual({subject for subject, _ in bus.asked},
                         {"velocloud.edges.get"})

    async def test_a_link_is_given_more_time_than_an_edge(self):
        done = await self.after(20, Bus())
        self.assertEqual(done, {BOSTON: "note", NEWARK: "within grace"})

    async def test_a_ticket_is_created_where_there_is_none(self):
        bus = Bus(bruin_ticket_open_get=Reply(200, []))
        done = await self.after(45, bus)
        self.assertEqual(done, {BOSTON: "ticket", NEWARK: "ticket"})
        self.assertEqual(bus.asked[-1], ("bruin.ticket.create", {
            "client_id": 30000, "serial": NEWARK, "topic": "VOO"}))

    async def test_triage_creates_no_ticket(self):
        bus = Bus(bruin_ticket_open_get=Reply(200, []))
        done = await self.after(45, bus, triage=True)
        self.assertEqual(done[BOSTON], "no ticket to triage")

    async def test_an_outage_that_ended_starts_anew(self):
        bus = Bus()
        monitor = Monitor(bus.ask, 30000, 137)
        await monitor.run(0)
        bus.replies["velocloud.edges.get"] = Reply(200, [])
        self.assertEqual(await monitor.run(600), {})
        bus.replies["velocloud.edges.get"] = promised(
            "velocloud-bridge/contract/edges.json")
        done = await monitor.run(1300)
        self.assertEqual(done[BOSTON], "within grace")

    async def test_a_bridge_that_fails_is_named(self):
        bus = Bus(velocloud_edges_get=Reply(503, "maintenance"))
        done = await self.after(45, bus)
        self.assertEqual(done, {"error": "no edges: 503 maintenance"})
