class FakeBruin:
    """Answers each call with the next of its replies, and keeps the calls."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.calls = []

    async def __call__(self, method, path, **arguments):
        self.calls.append((method, path, arguments))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def ticket(number, status, created):
    return {"ticketID": number, "ticketStatus": status,
            "topic": "Service Outage Trouble", "createDate": created}
