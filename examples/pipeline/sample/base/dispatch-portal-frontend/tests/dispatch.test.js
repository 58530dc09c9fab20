const Dispatch = require('../src/dispatch');

const today = new Date('2021-06-28T12:00:00Z'); // a Monday
const good = { site: 'Boston, MA', date: '2021-06-30', phone: '(617) 555-0134' };

describe('validate', () => {
  test.each([
    ['a good request', {}, []],
    ['no site', { site: ' ' }, ['Name the site.']],
    ['no date', { date: '' }, ['Choose a date.']],
    ['a date in the past', { date: '2021-06-28' }, ['Choose a date after today.']],
    ['a Sunday', { date: '2021-07-04' }, ['Technicians do not travel on Sundays.']],
    ['a short number', { phone: '555-0134' }, ['Give a phone number with its area code.']],
  ])('%s', (_, change, faults) => {
    expect(Dispatch.validate({ ...good, ...change }, today)).toEqual(faults);
  });
});

test('a dispatch is requested', async () => {
  const fetch = jest.fn().mockResolvedValue({
    ok: true, status: 201, json: async () => ({ dispatch_number: 'DIS37266' }),
  });
  expect(await Dispatch.submit(good, fetch)).toBe('Dispatch DIS37266 was requested.');
  expect(JSON.parse(fetch.mock.calls[0][1].body)).toEqual(good);
});

test('a second dispatch is refused', async () => {
  const fetch = async () => ({ ok: false, status: 409 });
  expect(await Dispatch.submit(good, fetch)).toMatch('already on the way');
});
