"""A good campaign file, and every fault that can be put into it: its name and its line."""

from dataclasses import dataclass

GOOD = """\
schema = 1

[[campaign]]
slug = "sale"
name = "Sale"
window = { starts = 2027-03-01T00:00:00Z, ends = 2027-04-01T00:00:00Z }
budget = { redemptions = 50, money = { usd = 100_000, eur = 100_000 } }
landing = { plan = "team", seats = 10 }
codes = [{ code = "SALE10", visibility = "public" }]

[[campaign.offer]]
target = { plans = ["team"], deployments = ["hosted"] }
benefit = { percent_bp = 1000 }
rules = { order = ["first_order"], max_seats = 100 }
"""

_SECOND = """
[[campaign]]
slug = "bonus"
window = { starts = 2027-03-02T00:00:00Z, ends = 2027-03-31T00:00:00Z }
codes = [{ code = "BONUS10" }]

[[campaign.offer]]
target = { plans = ["scale"] }
benefit = { percent_bp = 500 }
"""


def two() -> str:
    """Return a good file with a second campaign, whose slug stands on line 17."""
    return GOOD + _SECOND


def four_mistakes() -> str:
    """Two campaigns on one code, an unknown plan, an end before its start, an amount without euros."""
    text = two().replace('"BONUS10"', '"sale-10"', 1).replace('plans = ["scale"]', 'plans = ["skale"]', 1)
    return text + (
        GOOD.split("\n\n", 1)[1]
        .replace('"sale"', '"third"')
        .replace("SALE10", "THIRD")
        .replace("ends = 2027-04-01", "ends = 2027-02-01")
        .replace("percent_bp = 1000", "amount = { usd = 500 }")
    )


@dataclass(frozen=True)
class Fault:
    """``old`` in the good file made ``new`` is the fault ``name`` on line ``line``."""

    name: str
    line: int
    what: str
    old: str
    new: str
    is_second: bool = False

    @property
    def text(self) -> str:
        good = two() if self.is_second else GOOD
        assert self.old in good
        return good.replace(self.old, self.new, 1)


def _second(name: str, line: int, what: str, old: str, new: str) -> Fault:
    return Fault(name, line, what, old, new, is_second=True)


_CODES = 'codes = [{ code = "SALE10", visibility = "public" }]'
_RULES = 'rules = { order = ["first_order"], max_seats = 100 }'
_BENEFIT = "benefit = { percent_bp = 1000 }"


def _code(name: str, what: str, new: str) -> Fault:
    return Fault(name, 9, what, _CODES, f"codes = [{new}]")


def _rule(name: str, what: str, new: str) -> Fault:
    return Fault(name, 14, what, _RULES, f"rules = {{ {new} }}")


def _benefit(name: str, what: str, new: str) -> Fault:
    return Fault(name, 13, what, _BENEFIT, new)


def _agreed(what: str, old: str, new: str) -> Fault:
    rest = GOOD[GOOD.index(_CODES) :]
    return Fault("bad-value", 15, what, rest, "agreement = 'v1'\n" + rest.replace(old, new))


FAULTS = [
    Fault("not-toml", 4, "a quote is missing", '"sale"', '"sale'),
    Fault("not-toml", 5, "a key twice", 'name = "Sale"', 'slug = "again"'),
    Fault("bad-schema", 1, "another schema", "schema = 1", "schema = 2"),
    Fault("bad-value", 5, "a name that is a number", 'name = "Sale"', "name = 5"),
    Fault("missing-key", 1, "no schema", "schema = 1\n", "\n"),
    Fault("missing-key", 3, "no slug", 'slug = "sale"\n', "\n"),
    Fault("missing-key", 3, "no window", "window = { starts = 2027-03-01T00:00:00Z, ends = 2027-04-01T00:00:00Z }", ""),
    Fault("missing-key", 6, "no start", "starts = 2027-03-01T00:00:00Z, ", ""),
    Fault("missing-key", 11, "no benefit", _BENEFIT, ""),
    Fault("missing-key", 12, "no target", 'plans = ["team"], ', ""),
    Fault("unknown-key", 5, "a key that is none", 'name = "Sale"', 'nmae = "Sale"'),
    Fault("unknown-key", 7, "a key of a budget that is none", "redemptions = 50", "redemption = 50"),
    Fault("unknown-key", 14, "a rule that is none", "max_seats", "most_seats"),
    Fault("bad-slug", 4, "capitals", '"sale"', '"Sale!"'),
    Fault("bad-slug", 4, "too long", '"sale"', f'"{"a" * 61}"'),
    Fault("bad-status", 5, "a status that is none", 'name = "Sale"', 'status = "on"'),
    Fault("bad-value", 6, "a window without a time zone", "2027-03-01T00:00:00Z", "2027-03-01T00:00:00"),
    Fault("bad-value", 7, "no uses at all", "redemptions = 50", "redemptions = 0"),
    Fault("bad-value", 7, "uses in words", "redemptions = 50", 'redemptions = "many"'),
    Fault("bad-value", 8, "more seats than can be bought", "seats = 10", "seats = 5001"),
    Fault("bad-value", 5, "a cap that is no policy", 'name = "Sale"', 'overcap = "lax"'),
    Fault("missing-key", 5, "a policy without a number", 'name = "Sale"', "overcap = {}"),
    Fault("bad-value", 5, "listed in words", 'name = "Sale"', 'listed = "yes"'),
    Fault("window-reversed", 6, "the end before the start", "ends = 2027-04-01", "ends = 2027-02-01"),
    Fault("window-reversed", 6, "the end at the start", "ends = 2027-04-01", "ends = 2027-03-01"),
    Fault("unknown-plan", 8, "a page for a plan that is none", '{ plan = "team"', '{ plan = "teem"'),
    Fault("unknown-addon", 8, "a page for an add-on that is none", '{ plan = "team"', '{ addon = "cpu"'),
    Fault("unknown-plan", 12, "an offer for a plan that is none", '["team"]', '["teem"]'),
    Fault("unknown-addon", 12, "an offer for an add-on that is none", '["team"]', '["team"], addons = ["cpu"]'),
    Fault("unknown-deployment", 12, "hosted elsewhere", '["hosted"]', '["hosted", "moon"]'),
    Fault("unknown-currency", 7, "money of another land", "usd = 100_000, eur", "gbp = 1, usd = 100_000, eur"),
    Fault("amount-missing-currency", 7, "a budget without euros", ", eur = 100_000", ""),
    _code("bad-code", "no letters", '{ code = "--" }'),
    _code("bad-code", "too long", f'{{ code = "{"A" * 10_000}" }}'),
    _code("bad-code", "a mark that turns the writing", '{ code = "SALE\\u202e10" }'),
    _code("bad-code", "a look-alike", '{ code = "S\\u0410LE10" }'),
    _code("bad-code", "a statement", '{ code = "\'; DROP TABLE x" }'),
    _code("bad-code", "nothing", '{ code = "" }'),
    _code("bad-code", "neither code nor batch", '{ visibility = "public" }'),
    _code("bad-code", "both code and batch", '{ code = "K7Q2M9X4RT5W", batch = 5, visibility = "secret" }'),
    _code("bad-code", "a public batch", '{ batch = 5, visibility = "public" }'),
    _code("bad-code", "a long prefix", '{ batch = 5, prefix = "ABCDEFGHIJKLM" }'),
    _code("bad-code", "two batches of one prefix", '{ batch = 5, prefix = "A" }, { batch = 6, prefix = "A" }'),
    _code("bad-code", "over before it starts", '{ code = "SALE10", expires = 2027-02-01T00:00:00Z }'),
    _code("bad-value", "hidden", '{ code = "SALE10", visibility = "hidden" }'),
    _code("weak-secret", "a word", '{ code = "FRIENDS", visibility = "secret" }'),
    _code("weak-secret", "a long word with a year", '{ code = "HARVESTM2027", visibility = "secret" }'),
    _code("duplicate-code", "twice in one campaign", '{ code = "SALE10" }, { code = "sale-10" }'),
    _second("duplicate-code", 19, "in two campaigns at once", '"BONUS10"', '"Sale 10"'),
    _second("duplicate-slug", 17, "one slug twice", 'slug = "bonus"', 'slug = "sale"'),
    _benefit("percent-range", "nothing off", "benefit = { percent_bp = 0 }"),
    _benefit("percent-range", "more than all", "benefit = { percent_bp = 10001 }"),
    _benefit("percent-range", "less than nothing", "benefit = { percent_bp = -5 }"),
    _benefit("bad-value", "a share in words", 'benefit = { percent_bp = "10%" }'),
    _benefit("bad-value", "a yes", "benefit = { percent_bp = true }"),
    _benefit("bad-benefit", "none", "benefit = {}"),
    _benefit("bad-benefit", "two", "benefit = { percent_bp = 100, free_units = 1 }"),
    _benefit("bad-value", "no units", "benefit = { free_units = 0 }"),
    _benefit("bad-value", "an amount of nothing", "benefit = { amount = { usd = 0, eur = 5 } }"),
    _benefit("amount-missing-currency", "no euros", "benefit = { amount = { usd = 500 } }"),
    _benefit("unknown-currency", "pounds", "benefit = { amount = { usd = 500, eur = 500, gbp = 500 } }"),
    Fault(
        "bad-value",
        14,
        "an amount that grows",
        _BENEFIT,
        'benefit = { amount = { usd = 500, eur = 500 } }\non_more_seats = "extend"',
    ),
    Fault("bad-value", 14, "a duration that is none", _RULES, 'duration = "twice"'),
    Fault("bad-value", 14, "no terms", _RULES, "duration = { periods = 0 }"),
    Fault("bad-value", 14, "seats that do neither", _RULES, 'on_more_seats = "shrink"'),
    Fault("bad-value", 14, "a change that does neither", _RULES, 'on_plan_change = "hold"'),
    _rule("bad-value", "an order of no kind", 'order = ["second_order"]'),
    _rule("bad-value", "a customer of no kind", 'customer = "old"'),
    _rule("missing-key", "lapsed for how long", "customer = {}"),
    _rule("unknown-channel", "sold by nobody", 'channels = ["radio"]'),
    _rule("unknown-country", "a country in small letters", 'countries = ["de"]'),
    _rule("unknown-country", "no country, one level down", 'any = [{ countries = ["XX"] }]'),
    _rule("unknown-currency", "another currency beside", 'currencies = ["usd", "gbp"]'),
    _rule("bad-value", "an address for a domain", 'mail_domains = ["ann@example.com"]'),
    _rule("amount-missing-currency", "a least sum without euros", "min_subtotal = { usd = 5 }"),
    Fault("unreachable-offer", 11, "a plan that is not sold", '["team"]', '["free"]'),
    Fault("unreachable-offer", 11, "more seats than can be bought", "max_seats = 100", "min_seats = 6000"),
    Fault("unreachable-offer", 11, "at least more than at most", "max_seats = 100", "max_seats = 5, min_seats = 6"),
    Fault("unreachable-offer", 11, "packs that it is not for", "max_seats = 100", "min_packs = 5"),
    Fault("unreachable-offer", 11, "orders of what it is not for", '["first_order"]', '["addon"]'),
    Fault("unreachable-offer", 11, "orders that take no offers", '["first_order"]', '["plan_change", "renewal"]'),
    Fault("unreachable-offer", 11, "several, and all take none", _RULES, 'rules = { any = [{ order = ["renewal"] }] }'),
    Fault("unreachable-offer", 11, "two kinds at once", "max_seats = 100", 'any = [{ order = ["add_seats"] }]'),
    _agreed("an agreement for packs too", _RULES, 'rules = { order = ["first_order", "addon"] }'),
    _agreed("an agreement for orders of any kind", _RULES, "rules = { max_seats = 100 }"),
    Fault(
        "unreachable-offer",
        15,
        "hidden by an earlier one",
        _RULES,
        f"{_RULES}\n[[campaign.offer]]\ntarget = {{ plans = ['team'], deployments = ['hosted'] }}\n"
        "benefit = { percent_bp = 9000 }\nrules = { order = ['first_order'], max_seats = 50, customer = 'new' }",
    ),
    Fault("unknown-campaign", 14, "combines with nobody", _RULES, 'combines_with = ["nobody"]'),
    Fault("unknown-campaign", 14, "combines with itself", _RULES, 'combines_with = ["sale"]'),
    _second("asymmetric-combination", 14, "one side alone", _RULES, 'combines_with = ["bonus"]'),
    Fault(
        "vendor-cannot", 14, "for ever off a change", _RULES, 'duration = "forever"\nrules = { order = ["add_seats"] }'
    ),
]
