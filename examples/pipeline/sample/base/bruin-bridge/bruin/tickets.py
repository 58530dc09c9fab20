"""Tickets as Bruin's API holds them."""
from automation_utils.replies import Reply

OPEN_STATUSES = ("New", "InProgress", "Draft")


class Tickets:
    """Reads and writes tickets through call(method, path, **arguments),
    which returns a status and a decoded body."""

    def __init__(self, call):
        self._call = call

    async def open_for(self, client_id: int, serial: str) -> Reply:
        """The open tickets of one device, oldest first."""
        status, body = await self._call(
            "GET", "/api/Ticket",
            params={"ClientId": client_id, "ServiceNumber": serial})
        if status != 200:
            return Reply(status, body)
        tickets = [ticket for ticket in body["responses"]
                   if ticket["ticketStatus"] in OPEN_STATUSES]
        tickets.sort(key=lambda ticket: ticket["createDate"])
        return Reply(200, [_summary(ticket) for ticket in tickets])

    async def create(self, client_id: int, serial: str, topic: str) -> Reply:
        """A new ticket; 409 where Bruin already has one for the device."""
        status, body = await self._call(
            "POST", "/api/Ticket",
            json={"clientId": client_id, "category": topic,
                  "services": [{"serviceNumber": serial}]})
        if status == 200 and body.get("ticketIds"):
            return Reply(201, {"ticket_id": body["ticketIds"][0]})
        return Reply(409 if status == 200 else status, body)

    async def append_note(self, ticket_id: int, note: str) -> Reply:
        """A note at the end of a ticket's history."""
        status, body = await self._call(
            "POST", f"/api/Ticket/{ticket_id}/notes", json={"note": note})
        return Reply(status, body)


def _summary(ticket: dict) -> dict:
    return {"ticket_id": ticket["ticketID"],
            "status": ticket["ticketStatus"],
            "topic": ticket["topic"],
            "created": ticket["createDate"]}
