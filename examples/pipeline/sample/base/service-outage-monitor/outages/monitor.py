from outages.rules import note, outage

# An outage shorter than this is left to mend itself: most do.
GRACE_SECONDS = {"edge": 20 * 60, "link": 45 * 60}


class Monitor:
    # Watches the edges of one enterprise. ask(subject, **request) answers
    # with the reply of a bridge.

    def __init__(self, ask, client_id, enterprise_id, triage=False):
        self._ask = ask
        self._client_id = client_id
        self._enterprise_id = enterprise_id
        self._triage = triage
        self._since = {}

    async def run(self, now):
        # One round: what was done, by serial number.
        reply = await self._ask("velocloud.edges.get",
                                enterprise_id=self._enterprise_id)
        if not reply.ok:
            return {"error": f"no edges: {reply.status} {reply.body}"}
        down = {edge["serial"]: edge for edge in reply.body if outage(edge)}
        self._since = {serial: self._since.get(serial, now)
                       for serial in down}
        return {serial: await self._handle(edge, now)
                for serial, edge in down.items()}

    async def _handle(self, edge, now):
        since = self._since[edge["serial"]]
        if now - since < GRACE_SECONDS[outage(edge)]:
            return "within grace"
        tickets = await self._ask("bruin.ticket.open.get",
                                  client_id=self._client_id,
                                  serial=edge["serial"])
        if not tickets.ok:
            return f"no tickets: {tickets.status}"
        if tickets.body:
            number = tickets.body[0]["ticket_id"]
            appended = await self._ask("bruin.ticket.note.append",
                                       ticket_id=number, note=note(edge))
            return "note" if appended.ok else f"no note: {appended.status}"
        if self._triage:
            return "no ticket to triage"
        created = await self._ask("bruin.ticket.create",
                                  client_id=self._client_id,
                                  serial=edge["serial"], topic="VOO")
        return "ticket" if created.ok else f"no ticket: {created.status}"
