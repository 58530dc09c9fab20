import unittest

from outages.rules import note, outage


def edge(state, *links):
    return {"serial": "VC1", "name": "Boston, MA", "state": state,
            "links": [{"interface": f"GE{n + 1}", "state": link}
                      for n, link in enumerate(links)]}


class RulesTest(unittest.TestCase):
    def test_outages(self):
        cases = [
            (edge("CONNECTED", "STABLE", "STABLE"), None),
            (edge("CONNECTED", "STABLE", "DISCONNECTED"), "link"),
            (edge("CONNECTED"), None),
            (edge("OFFLINE", "DISCONNECTED"), "edge"),
            (edge("NEVER_ACTIVATED", "DISCONNECTED"), None),
        ]
        for given, want in cases:
            with self.subTest(edge=given):
                self.assertEqual(outage(given), want)

    def test_a_note_lists_the_links(self):
        self.assertEqual(note(edge("OFFLINE", "DISCONNECTED")), "\n".join([
            "#*Automation Engine*#",
            "Edge: Boston, MA (VC1)",
            "Edge status: OFFLINE",
            "Interface GE1: DISCONNECTED",
        ]))
