"""Exponents, least amounts and the fees this fake Stripe takes.

The fees are not Stripe's price list (that depends on the country and the contract) but of its
shape, a share and a fixed part, so that gross, fee and net are never mistaken for one another:

    card               3.4 % + the fixed part
    Alipay, WeChat Pay 2.2 % + the fixed part
    what settles later 0.8 %
    a dispute          a fixed fee, kept whoever wins
    a refund           nothing, and the first fee is not given back

rounded half up to the currency's minor unit. There is no exchange: what is charged in a currency is
settled in it.
"""

from dataclasses import dataclass

from tests.fake_stripe.errors import Refused

GREATEST = 99_999_999  # eight digits, whatever the currency

CARD, WALLET, LATER = "card", "wallet", "later"
FEE_PER_MILLE = {CARD: 34, WALLET: 22, LATER: 8}


@dataclass(frozen=True)
class Currency:
    exponent: int
    least: int
    fixed_fee: int
    dispute_fee: int
    sign: str


CURRENCIES = {
    "cny": Currency(2, least=400, fixed_fee=100, dispute_fee=10_000, sign="¥"),
    "hkd": Currency(2, least=400, fixed_fee=235, dispute_fee=8_500, sign="HK$"),
    "usd": Currency(2, least=50, fixed_fee=30, dispute_fee=1_500, sign="$"),
    "eur": Currency(2, least=50, fixed_fee=25, dispute_fee=2_000, sign="€"),
    "gbp": Currency(2, least=30, fixed_fee=20, dispute_fee=2_000, sign="£"),
    "sgd": Currency(2, least=50, fixed_fee=50, dispute_fee=1_500, sign="S$"),
    "jpy": Currency(0, least=50, fixed_fee=40, dispute_fee=1_300, sign="¥"),
    "krw": Currency(0, least=700, fixed_fee=400, dispute_fee=20_000, sign="₩"),
    "kwd": Currency(3, least=150, fixed_fee=90, dispute_fee=4_500, sign="KD "),
    "bhd": Currency(3, least=190, fixed_fee=110, dispute_fee=5_500, sign="BD "),
}


def check_amount(amount: int, currency: str, *, param: str = "amount") -> None:
    """Refuses what Stripe refuses: too little, too much, a third decimal that is not 0."""
    known = check_currency(currency)
    if amount < known.least:
        raise Refused(
            f"Amount must be no less than {words(known.least, currency)}",
            code="amount_too_small", param=param,
        )  # fmt: skip
    if amount > GREATEST:
        raise Refused(
            f"Amount must be no more than {words(GREATEST, currency)}",
            code="amount_too_large", param=param,
        )  # fmt: skip
    check_last_digit(amount, currency, param=param)


def check_last_digit(amount: int, currency: str, *, param: str = "amount") -> None:
    """Card networks carry two decimals; so Stripe wants three-decimal amounts to end in 0."""
    if CURRENCIES[currency].exponent == 3 and amount % 10:
        raise Refused(
            f"Invalid amount: {amount}. Amounts in {currency} must be evenly divisible by 10.",
            code="parameter_invalid_integer", param=param,
        )  # fmt: skip


def check_currency(currency: str, *, param: str = "currency") -> Currency:
    if currency not in CURRENCIES:
        raise Refused(
            f"Invalid currency: {currency}. This fake Stripe knows: {', '.join(CURRENCIES)}",
            param=param,
        )
    return CURRENCIES[currency]


def fee(amount: int, currency: str, *, method: str) -> int:
    """What the payment costs, by the formula above."""
    share = (amount * FEE_PER_MILLE[method] + 500) // 1000
    return share + (0 if method == LATER else CURRENCIES[currency].fixed_fee)


def dispute_fee(currency: str) -> int:
    return CURRENCIES[currency].dispute_fee


def words(amount: int, currency: str) -> str:
    """An amount for people: 1234 in cny is ¥12.34, 1234 in kwd is KD 1.234."""
    known = CURRENCIES[currency]
    whole, part = divmod(amount, 10**known.exponent)
    decimals = f".{part:0{known.exponent}d}" if known.exponent else ""
    return f"{known.sign}{whole:,}{decimals}"
