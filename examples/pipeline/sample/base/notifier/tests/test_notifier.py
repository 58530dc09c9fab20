import json
import unittest
from unittest import mock

from notifier.dispatch import Dispatcher
from notifier.email import Email
from notifier.slack import LONGEST, Slack


class DispatcherTest(unittest.TestCase):
    def test_each_channel_is_asked_once(self):
        slack, email = mock.Mock(), mock.Mock()
        outcome = Dispatcher({"slack": slack, "email": email}).send(
            {"channels": ["slack"], "message": "hello"})
        self.assertEqual(outcome, {"slack": "sent"})
        slack.send.assert_called_once_with("hello")
        email.send.assert_not_called()

    def test_one_failure_does_not_stop_the_others(self):
        broken, working = mock.Mock(), mock.Mock()
        broken.send.side_effect = TimeoutError("timed out")
        outcome = Dispatcher({"slack": broken, "email": working}).send(
            {"channels": ["slack", "fax", "email"], "message": "hello"})
        self.assertEqual(outcome, {"slack": "failed: timed out",
                                   "fax": "no such channel", "email": "sent"})


class SlackTest(unittest.TestCase):
    def text_of(self, message):
        open_url = mock.Mock()
        Slack("https://hooks.example.com/T1", open_url).send(message)
        return json.loads(open_url.call_args.args[0].data)["text"]

    def test_a_message_is_sent_as_it_is(self):
        self.assertEqual(self.text_of("5 edges are down"), "5 edges are down")

    def test_a_long_message_is_cut(self):
        text = self.text_of("x" * (LONGEST + 1))
        self.assertEqual((len(text), text[-1]), (LONGEST, "…"))


class EmailTest(unittest.TestCase):
    def test_the_mail_has_its_recipients(self):
        smtp = mock.MagicMock()
        Email("noc@example.com", lambda: smtp).send(
            {"recipients": ["a@example.com", "b@example.com"],
             "subject": "Last contact report", "text": "See below."})
        mail = smtp.__enter__().send_message.call_args.args[0]
        self.assertEqual(mail["To"], "a@example.com, b@example.com")
        self.assertEqual(mail.get_content(), "See below.\n")
