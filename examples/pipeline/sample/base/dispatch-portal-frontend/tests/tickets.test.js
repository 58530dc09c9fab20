const Tickets = require('../src/tickets');
const promised = require('../../bruin-bridge/contract/tickets.json');

const created = Date.parse(promised.body[0].created);
const minutes = 60 * 1000;

test('a reply of the Bruin bridge becomes lines', () => {
  expect(Tickets.lines(promised, created + 90 * minutes)).toEqual([
    '#5061427 Service Outage Trouble, InProgress, 1 h',
  ]);
});

test('a failure is said', () => {
  expect(Tickets.lines({ status: 503 }, created)).toEqual([
    'The tickets cannot be shown (status 503).',
  ]);
});

test('a young ticket is counted in minutes', () => {
  expect(Tickets.age(promised.body[0].created, created + 59 * minutes)).toBe('59 min');
});
