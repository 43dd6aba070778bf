"""
Right-to-left text among left-to-right (Unicode Standard Annex #9), without explicit embeddings and paired brackets.

Report cells hold names and sentences, not markup: the first strong letter decides the base, rules W, N,
I and L do the rest.
"""

from collections.abc import Sequence
from itertools import groupby
from unicodedata import bidirectional

RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
STRONG = frozenset({"L", "R", "AL"})
NUMBERS = frozenset({"EN", "AN"})


def levels_of(text: str) -> list[int]:
    """Give every character its embedding level: even reads to the right, odd to the left."""
    kinds = [bidirectional(character) for character in text]
    if RIGHT_TO_LEFT.isdisjoint(kinds):
        return [0] * len(text)
    base = int(next((kind for kind in kinds if kind in STRONG), "L") != "L")
    resolved = resolve_neutrals(resolve_weak(kinds, base), base)
    levels = [level_of(kind, base) for kind in resolved]
    for index in range(len(text) - 1, -1, -1):  # L1: white space at the end follows the base
        if kinds[index] not in {"WS", "BN"}:
            break
        levels[index] = base
    return levels


def level_of(kind: str, base: int) -> int:
    """Rules I1 and I2."""
    if base:
        return 1 if kind == "R" else 2
    return {"L": 0, "R": 1}.get(kind, 2)


def resolve_weak(kinds: Sequence[str], base: int) -> list[str]:
    """Rules W1 to W7; AL becomes R."""
    result = list(kinds)
    strong = previous = "R" if base else "L"
    for index, kind in enumerate(result):
        kind = previous if kind == "NSM" else "AN" if kind == "EN" and strong == "AL" else kind  # noqa: PLW2901
        strong = kind if kind in STRONG else strong
        result[index] = previous = kind
    join_numbers(result)
    strong = "R" if base else "L"
    for index, kind in enumerate(result):
        strong = kind if kind in STRONG else strong
        result[index] = {"AL": "R", "EN": "L" if strong == "L" else "EN"}.get(kind, kind)
    return result


def join_numbers(kinds: list[str]) -> None:
    """Rules W4 and W5: a separator between digits and a sign beside them belong to the number."""
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        if before == after and ((kind == "CS" and before in NUMBERS) or (kind == "ES" and before == "EN")):
            kinds[index] = before
    start = 0
    for kind, group in groupby(list(kinds)):
        end = start + len(list(group))
        if kind == "ET" and "EN" in {*kinds[max(start - 1, 0) : start], *kinds[end : end + 1]}:
            kinds[start:end] = ["EN"] * (end - start)
        start = end


def resolve_neutrals(kinds: Sequence[str], base: int) -> list[str]:
    """Rules N1 and N2: what stands between two letters of one direction goes with them, else with the base."""
    result = list(kinds)
    direction = before = "R" if base else "L"
    start = 0
    for is_neutral, group in groupby(kinds, lambda kind: kind not in {"L", "R", "EN", "AN"}):
        end = start + len(list(group))
        if is_neutral:
            after = direction if end == len(kinds) else "L" if kinds[end] == "L" else "R"
            result[start:end] = [before if before == after else direction] * (end - start)
        else:
            before = "L" if kinds[end - 1] == "L" else "R"
        start = end
    return result


def visual_order(levels: Sequence[int]) -> list[int]:
    """Rule L2 over runs: give the runs' indexes as they stand from left to right."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        position = 0
        for is_deep, group in groupby([levels[index] >= level for index in order]):
            end = position + len(list(group))
            if is_deep:
                order[position:end] = reversed(order[position:end])
            position = end
    return order
