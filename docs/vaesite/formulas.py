"""Turn the formulas of docstrings, which are in Unicode, into LaTeX and MathML.

In a docstring a formula is a paragraph of its own, such as ``E‖J_f(x)‖² = Σ_k k·W_k``. Two spaces part its pieces.
"""

import re
import unicodedata

from latex2mathml.converter import convert

SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿᵏˣ", "0123456789-+nkx", strict=True))
SUPER |= {"ᵀ": r"\top ", "ᴴ": "H", "¼": r"\frac{1}{4}"}
SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊ₖ", "0123456789+k", strict=True))
MARKS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}
SIGNS = {
    "·": r"\cdot ", "−": "-", "×": r"\times ", "‖": r"\| ", "⟨": r"\langle ", "⟩": r"\rangle ", "≥": r"\geq ",
    "≤": r"\leq ", "≈": r"\approx ", "∈": r"\in ", "∞": r"\infty ", "∂": r"\partial ", "∇": r"\nabla ", "≪": r"\ll ",
    "→": r"\to ", "↦": r"\mapsto ", "←": r"\leftarrow ", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "∏": r"\prod ",
    "Π": r"\prod ", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "′": "'", "…": r"\ldots ",
    "~": r"\sim ", "∣": r"\mid ", "%": r"\% ", "≠": r"\neq ", "–": "-",
}  # fmt: skip
FUNCTIONS = {
    "log", "exp", "det", "tr", "diag", "max", "min", "mean", "Var", "Cov", "KL", "CN", "TC", "ESS", "CKA", "Re",
    "Im", "conj", "softmax", "cos", "share", "bias", "slope", "stderr", "value", "importance", "active", "defect",
    "columns", "rows", "prec", "found", "gain", "importance_bound",
}  # fmt: skip
"""Words of formulas that are names of functions and quantities; other words are text."""

_WORD = re.compile(r"(?<![\\_{A-Za-z])[A-Za-z]+(?:_[a-z]{3,})*(?![A-Za-z])")
_SIGN = re.compile(r"[=≈≤≥≪∈↦←]|[Σ∏√]|‖")


def is_formula(paragraph: str) -> bool:
    """Say whether a paragraph is a formula: it has a relation or a sum, and few words.

    Args:
        paragraph: Text of a docstring.

    Returns:
        Whether it is.

    Examples:
        >>> is_formula("‖J‖_F² = Σ_{a,j} (∂x̂_a/∂z_j)²."), is_formula("Affine functions alone give k = 1, as is known.")
        (True, False)
    """
    if not _SIGN.search(paragraph) or "`" in paragraph or re.match(r"[A-Z][a-z]+( \w+)?:", paragraph):
        return False
    words = [word for word in re.findall(r"(?<![\w(])[A-Za-z]{2,}(?![\w(])", paragraph) if word not in FUNCTIONS]
    starts = re.match(r"\s*(A|[A-Za-z]{3,})\s", paragraph)
    is_sentence = bool(starts) and starts[1] not in FUNCTIONS  # type: ignore[index]
    return not is_sentence and sum(map(len, words)) <= 0.3 * len(paragraph)


def latex(formula: str) -> str:
    r"""Turn a formula into LaTeX.

    Args:
        formula: In Unicode, one line.

    Returns:
        LaTeX for mathematics.

    Examples:
        >>> latex("σ_j² = 1")
        '\\sigma _{j}^{2} = 1'
    """
    text = formula.replace("≠", "\0")
    text = unicodedata.normalize("NFD", text).replace("\0", "≠")
    text = re.sub(r"\\", "", text)
    text = _roots(text)
    text = _WORD.sub(lambda found: _word(found[0]), text)
    text = re.sub(r" \}\s*\\text\{ ", " ", text)
    text = re.sub(rf"(.)([{''.join(MARKS)}])", lambda found: rf"\{MARKS[found[2]]}{{{found[1]}}}", text)
    text = re.sub(rf"[{''.join(SUB)}]+", lambda found: "_{" + "".join(SUB[one] for one in found[0]) + "}", text)
    text = re.sub(rf"[{''.join(SUPER)}]+", _raised, text)
    text = text.replace("^½", r"^{\frac{1}{2}}").replace("^¼", r"^{\frac{1}{4}}")
    text = re.sub(r"_([A-Za-z0-9α-ωΑ-Ω*∞]+)", lambda found: f"_{{{found[1]}}}", text)
    text = re.sub(r"Σ(?=[_ ^])", r"\\sum ", text)
    return "".join(SIGNS.get(one) or _greek(one) for one in text)


def _raised(found: re.Match[str]) -> str:
    before = found.string[: found.start()]
    if found[0] == "¼" and (not before or not before[-1].isalnum()):
        return "¼"
    return "^{" + "".join(SUPER[one] for one in found[0]) + "}"


def _roots(text: str) -> str:
    while (start := text.find("√")) >= 0:
        rest = text[start + 1 :]
        if rest.startswith("("):
            end = _closing(rest)
            inner, after = rest[1:end], rest[end + 1 :]
        else:
            end = max(_UNDER_ROOT.match(rest).end(), 1)
            inner, after = rest[:end], rest[end:]
        text = f"{text[:start]}\\sqrt{{{inner}}}{after}"
    return text


_UNDER_ROOT = re.compile(r"(?:[A-Za-zα-ω](?:_[A-Za-z]+)?|[0-9]+)?")


def _closing(text: str) -> int:
    depth = 0
    for place, one in enumerate(text):
        depth += {"(": 1, ")": -1}.get(one, 0)
        if not depth:
            return place
    return len(text)


def _word(word: str) -> str:
    if len(word) == 1 or word in {"Jv", "ij", "kj"}:
        return word
    if word in FUNCTIONS:
        return rf"\operatorname{{{word}}}"
    if "_" in word:
        return rf"\mathtt{{{word}}}".replace("_", r"\_")
    return rf"\text{{ {word} }}"


def _greek(one: str) -> str:
    name = unicodedata.name(one, "")
    if not name.startswith("GREEK "):
        return one
    letter = name.rsplit(" ", 1)[-1].lower().replace("lamda", "lambda").replace("omicron", "o")
    small = "SMALL" in name
    return rf"\{letter if small else letter.capitalize()} " if small or letter in _CAPITALS else one


_CAPITALS = {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}


def mathml(source: str, display: str = "block") -> str:
    """Turn LaTeX into MathML, which browsers draw without a script.

    Args:
        source: LaTeX.
        display: ``block`` or ``inline``.

    Returns:
        A ``math`` element.
    """
    return _BAR.sub(r"<mi>\1</mi>", str(convert(source, display=display)))


_BAR = re.compile(r"<mo[^>]*>(&#x02016;|&#x0007C;)</mo>")
"""A bar of a norm: as an operator, its exponent would stand too high where there is no font for mathematics."""
