RATE = 20


def tax(amount):
    return amount * RATE / 100


def net(amount):  # pragma: no cover
    return amount - tax(amount)


def rounded(amount):
    whole = int(amount)
    return whole
