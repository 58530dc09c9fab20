'use strict';
const assert = require('assert');
const { Cart } = require('./lib/cart');
const { money } = require('./lib/format');

assert.strictEqual(new Cart().add(2, 3).add(1).total(), 7);
assert.strictEqual(money(6), '6.00');
