import unittest

from automation_utils.backoff import Backoff, retry, retry_after


class PauseTest(unittest.TestCase):
    def test_the_limit_doubles_up_to_the_longest(self):
        backoff = Backoff(first=1, longest=5)
        limits = [backoff.pause(n, uniform=lambda _, limit: limit)
                  for n in range(1, 6)]
        self.assertEqual(limits, [1, 2, 4, 5, 5])

    def test_what_the_server_asked_for_is_waited_at_least(self):
        pause = Backoff().pause(1, asked=30, uniform=lambda low, _: low)
        self.assertEqual(pause, 30)


class RetryTest(unittest.IsolatedAsyncioTestCase):
    async def run_retry(self, *results, asked=lambda _: None):
        left, pauses = list(results), []

        async def attempt():
            return left.pop(0)

        async def sleep(seconds):
            pauses.append(seconds)

        result = await retry(attempt, lambda status: status >= 500, asked,
                             Backoff(tries=3), sleep)
        return result, len(pauses)

    async def test_a_success_needs_no_pause(self):
        self.assertEqual(await self.run_retry(200), (200, 0))

    async def test_a_failure_is_tried_again(self):
        self.assertEqual(await self.run_retry(503, 200), (200, 1))

    async def test_the_last_failure_is_the_result(self):
        self.assertEqual(await self.run_retry(503, 502, 500), (500, 2))

    async def test_too_long_a_wait_is_not_waited_for(self):
        outcome = await self.run_retry(503, 200, asked=lambda _: 3600)
        self.assertEqual(outcome, (503, 0))


class RetryAfterTest(unittest.TestCase):
    def test_only_seconds_are_understood(self):
        cases = [("120", 120), ("", None), ("soon", None), ("²", None),
                 ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
        for value, want in cases:
            with self.subTest(value=value):
                self.assertEqual(retry_after({"Retry-After": value}), want)
        self.assertIsNone(retry_after({}))
