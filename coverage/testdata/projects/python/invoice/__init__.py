"""Invoices: what is owed."""


def total(items, discount=0):
    """Sum up items.

    The discount is a percentage.
    """
    amount = 0
    for price, count in items:
        if count < 0:
            raise ValueError(
                f"count is {count}, "
                "which is below zero"
            )
        amount += price * count
    if discount:
        amount -= amount * discount / 100
    return amount


def words(amount):
    if amount == 0:
        return "nothing"
    return f"{amount:.2f}" if amount > 0 else "credit"
