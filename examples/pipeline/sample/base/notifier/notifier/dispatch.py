"""Hands a message to each channel that it asks for."""


class Dispatcher:
    """Knows the channels by name. A channel has send(message)."""

    def __init__(self, channels: dict):
        self._channels = channels

    def send(self, request: dict) -> dict:
        """The outcome by channel: "sent", or why it was not."""
        outcome = {}
        for name in request["channels"]:
            channel = self._channels.get(name)
            if channel is None:
                outcome[name] = "no such channel"
                continue
            try:
                channel.send(request["message"])
                outcome[name] = "sent"
            except OSError as error:
                outcome[name] = f"failed: {error}"
        return outcome
