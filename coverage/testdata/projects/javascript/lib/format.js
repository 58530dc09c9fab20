'use strict';

exports.money = (amount) => {
  switch (true) {
    case amount === 0:
      return 'nothing';
    case amount < 0:
      return 'credit';
    default:
      return amount.toFixed(2);
  }
};

exports.words = (amount) => { const text = exports.money(amount); return `is ${text}`; };
