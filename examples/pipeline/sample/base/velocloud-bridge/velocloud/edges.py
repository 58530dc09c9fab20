"""The orchestrator's list of links, turned into edges."""


def edges(links: list[dict]) -> list[dict]:
    """One entry an edge, sorted by serial number, with all of its links.

    A link without a serial number belongs to an edge that was never
    activated; it is left out.
    """
    by_serial: dict[str, dict] = {}
    for link in links:
        serial = link.get("edgeSerialNumber")
        if not serial:
            continue
        edge = by_serial.setdefault(serial, {
            "serial": serial,
            "name": link["edgeName"],
            "state": link["edgeState"],
            "links": [],
        })
        if link.get("interface"):
            edge["links"].append({"interface": link["interface"],
                                  "state": link["linkState"]})
    for edge in by_serial.values():
        edge["links"].sort(key=lambda link: link["interface"])
    return [by_serial[serial] for serial in sorted(by_serial)]
