/* global Dispatch, Tickets */
const form = document.querySelector('#dispatch');
const list = document.querySelector('#tickets');

async function showTickets() {
  const reply = await fetch('api/tickets').then((r) => r.json());
  list.replaceChildren(...Tickets.lines(reply, Date.now()).map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const request = Object.fromEntries(new FormData(form));
  const faults = Dispatch.validate(request, new Date());
  const problem = form.querySelector('[role=alert]');
  problem.textContent = faults.length
    ? faults.join(' ')
    : await Dispatch.submit(request, fetch);
  await showTickets();
});

showTickets();
