'use strict';
const { Cart } = require('./lib/cart');
const { money } = require('./lib/format');

test('adds up', () => {
  expect(new Cart().add(2, 3).add(1).total()).toBe(7);
});

test('shows money', () => {
  expect(money(6)).toBe('6.00');
});
