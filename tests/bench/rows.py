"""One line of a result, for people."""

from dataclasses import dataclass

from bench.figures import Spread


@dataclass(frozen=True, slots=True)
class Row:
    """`met` is None where there is no target."""

    group: str
    what: str
    found: str
    target: str = ""
    met: bool | None = None


def ms(found: Spread) -> str:
    return f"{found['p50']:.1f} ms (p99 {found['p99']:.1f}, most {found['most']:.1f})"


def at_most(group: str, what: str, found: float, limit: float, unit: str, digits: int = 1) -> Row:
    return Row(group, what, f"{found:,.{digits}f} {unit}", f"at most {limit:g} {unit}", found <= limit)


def at_least(group: str, what: str, found: float, limit: float, unit: str) -> Row:
    return Row(group, what, f"{found:,.0f} {unit}", f"at least {limit:,g} {unit}", found >= limit)
