// A request for a technician: what is asked of it, and how it is sent.
const Dispatch = {
  // validate returns what is wrong with a request, a sentence a fault.
  validate({ site, date, phone }, today) {
    const faults = [];
    if (!site || !site.trim()) {
      faults.push('Name the site.');
    }
    const day = new Date(`${date}T00:00:00Z`);
    if (Number.isNaN(day.getTime())) {
      faults.push('Choose a date.');
    } else if (day <= today) {
      faults.push('Choose a date after today.');
    } else if (day.getUTCDay() === 0) {
      faults.push('Technicians do not travel on Sundays.');
    }
    if ((phone || '').replace(/\D/g, '').length < 10) {
      faults.push('Give a phone number with its area code.');
    }
    return faults;
  },

  // submit sends a request and returns the sentence to show.
  async submit(request, fetch) {
    const response = await fetch('api/dispatches', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (response.status === 409) {
      return 'A technician is already on the way to this site.';
    }
    if (!response.ok) {
      return `The request was not taken (status ${response.status}).`;
    }
    const { dispatch_number: number } = await response.json();
    return `Dispatch ${number} was requested.`;
  },
};

if (typeof module !== 'undefined') {
  module.exports = Dispatch;
}
