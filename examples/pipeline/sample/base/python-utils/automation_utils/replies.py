"""The replies of the bridges, as they travel over NATS."""
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What a bridge answers: an HTTP status and a body."""

    status: int
    body: Any = None

    @property
    def ok(self) -> bool:
        """Whether the request was answered as asked."""
        return 200 <= self.status < 300

    def encode(self) -> bytes:
        """The reply as it is published: JSON with sorted keys."""
        fields = {"status": self.status, "body": self.body}
        return json.dumps(fields, sort_keys=True).encode()


def decode(data: bytes) -> Reply:
    """The reply in a message; one that is no reply at all is a 502."""
    try:
        fields = json.loads(data)
        return Reply(status=int(fields["status"]), body=fields.get("body"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return Reply(status=502, body=f"unreadable reply: {error!r}")
