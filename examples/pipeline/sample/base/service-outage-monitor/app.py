# The service outage monitor: a ticket for each edge that stays down. Each of
# its services watches one orchestrator; the one called triage only appends
# notes to tickets that are open already.
import asyncio
import json
import os
import time

import nats
from automation_utils import health, replies, settings

from outages import Monitor


async def main():
    config = settings.read(
        os.environ, ["NATS_URL", "CLIENT_ID", "ENTERPRISE_ID"],
        {"PERIOD_SECONDS": "600", "TRIAGE": ""})
    bus = await nats.connect(config["NATS_URL"])

    async def ask(subject, **request):
        data = json.dumps(request).encode()
        message = await bus.request(subject, data, timeout=60)
        return replies.decode(message.data)

    monitor = Monitor(ask, int(config["CLIENT_ID"]),
                      int(config["ENTERPRISE_ID"]),
                      triage=bool(config["TRIAGE"]))
    await health.serve(lambda: bus.is_connected)
    while True:
        print(await monitor.run(time.time()), flush=True)
        await asyncio.sleep(int(config["PERIOD_SECONDS"]))


asyncio.run(main())
