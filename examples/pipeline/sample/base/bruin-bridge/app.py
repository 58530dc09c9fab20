"""The Bruin bridge: tickets of Bruin for the rest of the system."""
import asyncio
import os

import httpx
import nats
from automation_utils import health, settings

from bruin.handlers import Handlers
from bruin.tickets import Tickets


async def main():
    config = settings.read(os.environ, ["NATS_URL", "BRUIN_URL"])
    bus = await nats.connect(config["NATS_URL"])
    async with httpx.AsyncClient(base_url=config["BRUIN_URL"]) as http:

        async def call(method, path, **arguments):
            try:
                response = await http.request(method, path, **arguments)
            except httpx.TransportError as error:
                raise ConnectionError(str(error)) from error
            body = response.json() if response.content else None
            return response.status_code, body

        handlers = Handlers(Tickets(call))
        for subject, handle in handlers.by_subject().items():

            async def respond(message, handle=handle):
                await message.respond((await handle(message.data)).encode())

            await bus.subscribe(subject, queue="bruin-bridge", cb=respond)
        await health.serve(lambda: bus.is_connected)
        await asyncio.Event().wait()


asyncio.run(main())
