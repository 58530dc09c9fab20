"""Messages to a Slack channel through its webhook."""
import json
import urllib.request

LONGEST = 3000


class Slack:
    def __init__(self, webhook: str, open_url):
        self._webhook = webhook
        self._open_url = open_url

    def send(self, message: str) -> None:
        if len(message) > LONGEST:
            message = message[:LONGEST - 1] + "…"
        request = urllib.request.Request(
            self._webhook, data=json.dumps({"text": message}).encode(),
            headers={"Content-Type": "application/json"})
        self._open_url(request, timeout=10)
