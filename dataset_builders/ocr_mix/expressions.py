"""Formulas as trees that are written twice: as LaTeX, which is the label, and as Typst, which is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

GREEK = ("alpha", "beta", "gamma", "delta", "theta", "lambda", "mu", "sigma", "omega", "phi", "rho", "tau")
LETTERS = tuple("abcdfgkmnpqrstuvwxyzABCEFGHLMNPRSTVX")
FUNCTIONS = ("sin", "cos", "tan", "log", "ln", "exp")


@dataclass(frozen=True)
class Expression:
    """One formula, or a part of one.

    Args:
        latex: how LaTeX writes it.
        typst: how Typst writes it in a formula.
        simple: it needs no brackets where a factor is wanted.
    """

    latex: str
    typst: str
    simple: bool = True

    @property
    def bracketed(self) -> "Expression":
        """Itself, in brackets unless simple."""
        if self.simple:
            return self
        return Expression(f"\\left( {self.latex} \\right)", f"({self.typst})")


def formula(rng: Random) -> Expression:
    """A formula as textbooks set apart: an equation, a sum, an integral, a system, a matrix …"""
    makers = (_equation, _equation, _sum, _integral, _cases, _matrix, _limit)
    return rng.choice(makers)(rng)


def short(rng: Random) -> Expression:
    """A formula that fits into a line of text."""
    return _join(_symbol(rng), "=", _term(rng, 1))


def _symbol(rng: Random) -> Expression:
    name = rng.choice(GREEK) if rng.random() < 0.35 else rng.choice(LETTERS)
    drawn = "phi.alt" if name == "phi" else name  # Typst's phi is LaTeX's varphi
    plain = Expression(f"\\{name}", drawn) if len(name) > 1 else Expression(name, name)
    kind = rng.random()
    if kind < 0.2:
        index = rng.choice("0123ijkn")
        return Expression(f"{plain.latex}_{{{index}}}", f"{plain.typst}_{index}")
    if kind < 0.26:
        accent, typst = rng.choice((("hat", "hat"), ("bar", "macron"), ("vec", "arrow")))
        return Expression(f"\\{accent}{{{plain.latex}}}", f"{typst}({plain.typst})")
    return plain


def _number(rng: Random) -> Expression:
    text = str(rng.randint(2, 99)) if rng.random() < 0.8 else f"{rng.randint(0, 9)}.{rng.randint(1, 99)}"
    return Expression(text, text)


def _term(rng: Random, depth: int) -> Expression:
    """Something on one side of an equation."""
    if depth <= 0:
        return _symbol(rng) if rng.random() < 0.7 else _number(rng)
    makers = (_fraction, _root, _power, _product, _polynomial, _function, _polynomial)
    return rng.choice(makers)(rng, depth - 1)


def _fraction(rng: Random, depth: int) -> Expression:
    above, below = _term(rng, depth), _term(rng, depth)
    return Expression(f"\\frac{{{above.latex}}}{{{below.latex}}}", f"frac({above.typst}, {below.typst})")


def _root(rng: Random, depth: int) -> Expression:
    inner = _polynomial(rng, depth)
    if rng.random() < 0.8:
        return Expression(f"\\sqrt{{{inner.latex}}}", f"sqrt({inner.typst})")
    return Expression(f"\\sqrt[3]{{{inner.latex}}}", f"root(3, {inner.typst})")


def _power(rng: Random, depth: int) -> Expression:
    base = Expression(*(2 * (rng.choice("abcnrtxyz"),)))
    exponent = _number(rng) if rng.random() < 0.6 else _term(rng, 0)
    return Expression(f"{base.latex}^{{{exponent.latex}}}", f"{base.typst}^({exponent.typst})")


def _product(rng: Random, depth: int) -> Expression:
    first, second = _term(rng, depth).bracketed, _symbol(rng)
    return Expression(f"{first.latex} {second.latex}", f"{first.typst} {second.typst}")


def _polynomial(rng: Random, depth: int) -> Expression:
    parts = [_product(rng, 0), *(_term(rng, depth) for _ in range(rng.randint(1, 2)))]
    whole = parts[0]
    for part in parts[1:]:
        whole = _join(whole, rng.choice("+-"), part)
    return Expression(whole.latex, whole.typst, simple=False)


def _function(rng: Random, depth: int) -> Expression:
    name, inner = rng.choice(FUNCTIONS), _term(rng, depth)
    return Expression(f"\\{name} \\left( {inner.latex} \\right)", f"{name}({inner.typst})")


def _equation(rng: Random) -> Expression:
    relation = rng.choice((("=", "="), ("=", "="), ("\\leq", "<="), ("\\approx", "approx"), ("\\neq", "!=")))
    left = _symbol(rng) if rng.random() < 0.6 else _term(rng, 1)
    return _join(left, relation, _term(rng, 2))


def _sum(rng: Random) -> Expression:
    name, typst = rng.choice((("sum", "sum"), ("prod", "product")))
    index, end = rng.choice("ijkn"), rng.choice(("n", "N", "m", "\\infty"))
    body = _term(rng, 1).bracketed
    top = "infinity" if end == "\\infty" else end
    return _join(
        _symbol(rng),
        "=",
        Expression(
            f"\\{name}_{{{index}=1}}^{{{end}}} {body.latex}_{{{index}}}"
            if body.latex.isalpha()
            else f"\\{name}_{{{index}=1}}^{{{end}}} {body.latex}",
            f"{typst}_({index}=1)^{top} {body.typst}_{index}"
            if body.latex.isalpha()
            else f"{typst}_({index}=1)^{top} {body.typst}",
        ),
    )


def _integral(rng: Random) -> Expression:
    variable = rng.choice("tuxy")
    low, high = rng.choice((("0", "1"), ("a", "b"), ("0", "\\infty"), ("0", "\\pi")))
    top = {"\\infty": "infinity", "\\pi": "pi"}.get(high, high)
    body = _term(rng, 1).bracketed
    integral = Expression(
        f"\\int_{{{low}}}^{{{high}}} {body.latex} \\, d{variable}",
        f"integral_{low}^{top} {body.typst} thin d {variable}",
    )
    return _join(integral, "=", _term(rng, 1))


def _limit(rng: Random) -> Expression:
    variable = rng.choice("nxt")
    body = _term(rng, 1).bracketed
    limit = Expression(f"\\lim_{{{variable} \\to \\infty}} {body.latex}", f"lim_({variable} -> infinity) {body.typst}")
    return _join(limit, "=", _number(rng))


def _cases(rng: Random) -> Expression:
    rows = [(_term(rng, 1), condition) for condition in rng.sample(("x > 0", "x < 0", "x = 0"), 2)]
    latex = " \\\\ ".join(f"{value.latex} & {condition}" for value, condition in rows)
    typst = ", ".join(f"{value.typst} & quad {condition}" for value, condition in rows)
    return _join(
        Expression("f(x)", "f(x)"), "=", Expression(f"\\begin{{cases}} {latex} \\end{{cases}}", f"cases({typst})")
    )


def _matrix(rng: Random) -> Expression:
    rows, columns = rng.randint(2, 3), rng.randint(2, 3)
    cells = [[_term(rng, 0) for _ in range(columns)] for _ in range(rows)]
    latex = " \\\\ ".join(" & ".join(cell.latex for cell in row) for row in cells)
    typst = "; ".join(", ".join(cell.typst for cell in row) for row in cells)
    matrix = Expression(f"\\begin{{pmatrix}} {latex} \\end{{pmatrix}}", f"mat({typst})")
    return _join(Expression(*(2 * (rng.choice("ABCMR"),))), "=", matrix)


def _join(left: Expression, relation: str | Sequence[str], right: Expression) -> Expression:
    latex, typst = (relation, relation) if isinstance(relation, str) else relation
    return Expression(f"{left.latex} {latex} {right.latex}", f"{left.typst} {typst} {right.typst}", simple=False)
