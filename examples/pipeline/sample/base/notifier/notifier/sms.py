"""Text messages through Telestax."""
import urllib.parse
import urllib.request


def normalise(number: str) -> str:
    """A North American number as the API takes it: +1 and ten digits."""
    digits = "".join(c for c in number if c.isdigit())
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) != 10:
        raise ValueError(f"not a North American number: {number}")
    return "+1" + digits


class Sms:
    def __init__(self, url: str, sender: str, open_url):
        self._url = url
        self._sender = normalise(sender)
        self._open_url = open_url

    def send(self, message: dict) -> None:
        for recipient in message["recipients"]:
            form = {"From": self._sender, "To": normalise(recipient),
                    "Body": message["text"]}
            request = urllib.request.Request(
                self._url, data=urllib.parse.urlencode(form).encode())
            self._open_url(request, timeout=10)
