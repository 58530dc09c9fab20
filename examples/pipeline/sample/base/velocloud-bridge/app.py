"""The VeloCloud bridge: edges and their links for the rest of the system."""
import asyncio
import json
import os

import httpx
import nats
from automation_utils import health, settings
from automation_utils.replies import Reply

from velocloud.client import Client
from velocloud.edges import edges


async def main():
    config = settings.read(
        os.environ, ["NATS_URL", "VELOCLOUD_URL", "VELOCLOUD_TOKEN"])
    bus = await nats.connect(config["NATS_URL"])
    async with httpx.AsyncClient(base_url=config["VELOCLOUD_URL"]) as http:

        async def post(path, body, headers):
            response = await http.post(path, json=body, headers=headers)
            return response.status_code, response.headers, response.json()

        client = Client(post, config["VELOCLOUD_TOKEN"])

        async def respond(message):
            enterprise = json.loads(message.data)["enterprise_id"]
            reply = await client.links(enterprise)
            if reply.ok:
                reply = Reply(reply.status, edges(reply.body))
            await message.respond(reply.encode())

        await bus.subscribe("velocloud.edges.get", queue="velocloud-bridge",
                            cb=respond)
        await health.serve(lambda: bus.is_connected)
        await asyncio.Event().wait()


asyncio.run(main())
