import unittest

from velocloud.retry import retry


class RetryTest(unittest.IsolatedAsyncioTestCase):
    async def run_retry(self, *statuses):
        results, pauses = list(statuses), []

        async def attempt():
            return results.pop(0)

        async def sleep(seconds):
            pauses.append(seconds)

        result = await retry(attempt, lambda s: s >= 500, sleep=sleep)
        return result, pauses

    async def test_a_success_needs_no_pause(self):
        self.assertEqual(await self.run_retry(200), (200, []))

    async def test_a_failure_is_tried_again(self):
        self.assertEqual(await self.run_retry(503, 200), (200, [5]))

    async def test_the_last_failure_is_the_result(self):
        self.assertEqual(await self.run_retry(503, 502, 500), (500, [5, 5]))
