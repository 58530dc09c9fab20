# What an outage is. An edge is down when the orchestrator has lost it; a link
# is down when it carries nothing while its edge is up.


def down_links(edge):
    return [link["interface"] for link in edge["links"]
            if link["state"] == "DISCONNECTED"]


def outage(edge):
    # The kind of an edge's outage, or None where it has none.
    if edge["state"] == "OFFLINE":
        return "edge"
    if edge["state"] == "CONNECTED" and down_links(edge):
        return "link"
    return None


def note(edge):
    # The note of a ticket about the outage of an edge.
    lines = ["#*Automation Engine*#",
             f"Edge: {edge['name']} ({edge['serial']})",
             f"Edge status: {edge['state']}"]
    for link in edge["links"]:
        lines.append(f"Interface {link['interface']}: {link['state']}")
    return "\n".join(lines)
