"""The notifier: messages of the system for people."""
import asyncio
import http.server
import json
import os
import smtplib
import threading
import urllib.request

import nats

from notifier.dispatch import Dispatcher
from notifier.email import Email
from notifier.slack import Slack
from notifier.sms import Sms


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/_health" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


async def main():
    bus = await nats.connect(os.environ["NATS_URL"])
    channels = {
        "slack": Slack(os.environ["SLACK_WEBHOOK"], urllib.request.urlopen),
        "email": Email(os.environ["MAIL_FROM"],
                       lambda: smtplib.SMTP(os.environ["SMTP_HOST"])),
        "sms": Sms(os.environ["TELESTAX_URL"], os.environ["SMS_FROM"],
                   urllib.request.urlopen),
    }
    dispatcher = Dispatcher(channels)

    async def notify(message):
        request = json.loads(message.data)
        outcome = await asyncio.to_thread(dispatcher.send, request)
        await message.respond(json.dumps(outcome).encode())

    await bus.subscribe("notification.request", queue="notifier", cb=notify)
    server = http.server.HTTPServer(("0.0.0.0", 5000), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    await asyncio.Event().wait()


asyncio.run(main())
