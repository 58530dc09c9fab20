import unittest

from automation_utils.settings import MissingSettings, read


class SettingsTest(unittest.TestCase):
    def test_a_default_gives_way_to_the_environment(self):
        settings = read({"NATS_URL": "nats://a", "TIMEOUT": "90"},
                        required=["NATS_URL"],
                        defaults={"TIMEOUT": "30", "ZONE": "UTC"})
        self.assertEqual(settings, {"NATS_URL": "nats://a", "TIMEOUT": "90",
                                    "ZONE": "UTC"})

    def test_all_missing_settings_are_named(self):
        with self.assertRaises(MissingSettings) as raised:
            read({"B": ""}, required=["A", "B"])
        self.assertEqual(str(raised.exception), "missing settings: A, B")
        self.assertEqual(raised.exception.names, ["A", "B"])
