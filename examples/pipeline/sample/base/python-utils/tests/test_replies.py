import unittest

from automation_utils.replies import Reply, decode


class ReplyTest(unittest.TestCase):
    def test_a_reply_survives_the_wire(self):
        reply = Reply(status=200, body={"tickets": [1, 2]})
        self.assertEqual(decode(reply.encode()), reply)

    def test_only_2xx_is_ok(self):
        statuses = [199, 200, 204, 299, 300, 404, 500]
        ok = [status for status in statuses if Reply(status).ok]
        self.assertEqual(ok, [200, 204, 299])

    def test_what_is_no_reply_is_a_bad_gateway(self):
        for data in [b"", b"[]", b"{}", b'{"status": "soon"}', b"\xff"]:
            with self.subTest(data=data):
                self.assertEqual(decode(data).status, 502)
