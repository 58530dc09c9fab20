"""Requests over NATS, and what answers them."""
import json

from automation_utils.replies import Reply

from bruin.tickets import Tickets


class Handlers:
    """One handler a subject. A handler takes the data of a message."""

    def __init__(self, tickets: Tickets):
        self._tickets = tickets

    def by_subject(self):
        """The handlers by the subject that they answer."""
        return {
            "bruin.ticket.open.get": self._answer(
                self._tickets.open_for, "client_id", "serial"),
            "bruin.ticket.create": self._answer(
                self._tickets.create, "client_id", "serial", "topic"),
            "bruin.ticket.note.append": self._answer(
                self._tickets.append_note, "ticket_id", "note"),
        }

    @staticmethod
    def _answer(operation, *fields):
        async def handle(data: bytes) -> Reply:
            try:
                request = json.loads(data)
            except ValueError:
                return Reply(400, "the request is not JSON")
            missing = [name for name in fields if name not in request]
            if missing:
                return Reply(400, "missing fields: " + ", ".join(missing))
            try:
                return await operation(*(request[name] for name in fields))
            except OSError as error:
                return Reply(503, f"Bruin cannot be reached: {error}")

        return handle
