'use strict';

class Cart {
  constructor() { this.items = []; }

  add(price, count = 1) {
    if (count < 0) {
      throw new Error('count is below zero');
    }
    this.items.push({ price, count }); return this;
  }

  total(discount) {
    const sum = this.items.reduce((all, i) => all + i.price * i.count, 0);
    return discount ? sum - sum * discount / 100 : sum;
  }

  clear() {
    this.items = [];
    /* istanbul ignore next */
    if (this.unused) {
      return null;
    }
    return this;
  }
}

module.exports = { Cart };
