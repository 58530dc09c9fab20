// The open tickets of a site, as the list of the page shows them.
const Tickets = {
  // age returns the time from then to now in its largest unit.
  age(then, now) {
    const minutes = Math.floor((now - Date.parse(then)) / 60000);
    if (minutes < 60) {
      return `${minutes} min`;
    }
    if (minutes < 24 * 60) {
      return `${Math.floor(minutes / 60)} h`;
    }
    return `${Math.floor(minutes / (24 * 60))} d`;
  },

  // lines returns one line a ticket of a reply of the Bruin bridge.
  lines({ status, body }, now) {
    if (status !== 200) {
      return [`The tickets cannot be shown (status ${status}).`];
    }
    return body.map((ticket) => {
      const age = Tickets.age(ticket.created, now);
      return `#${ticket.ticket_id} ${ticket.topic}, ${ticket.status}, ${age}`;
    });
  },
};

if (typeof module !== 'undefined') {
  module.exports = Tickets;
}
