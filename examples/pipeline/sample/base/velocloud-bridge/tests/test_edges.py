import json
import pathlib
import unittest

from velocloud.edges import edges

CONTRACT = pathlib.Path(__file__).parents[1] / "contract" / "edges.json"


def link(serial, name, edge_state, interface, state):
    return {"edgeSerialNumber": serial, "edgeName": name,
            "edgeState": edge_state, "interface": interface,
            "linkState": state}


class EdgesTest(unittest.TestCase):
    def test_links_are_grouped_by_edge_and_sorted(self):
        newark = ("VC05400009183", "Newark, NJ", "CONNECTED")
        boston = ("VC05400002265", "Boston, MA", "OFFLINE")
        got = edges([
            link(*newark, "GE2", "DISCONNECTED"),
            link(*newark, "GE1", "STABLE"),
            link(*boston, "GE2", "DISCONNECTED"),
            link(*boston, "GE1", "DISCONNECTED"),
        ])
        self.assertEqual(got, json.loads(CONTRACT.read_text())["body"])

    def test_an_edge_that_was_never_activated_is_left_out(self):
        self.assertEqual(edges([link(None, "New", "NEVER", None, None)]), [])

    def test_an_edge_may_have_no_link(self):
        got = edges([link("VC1", "Spare", "OFFLINE", None, None)])
        self.assertEqual(got[0]["links"], [])
