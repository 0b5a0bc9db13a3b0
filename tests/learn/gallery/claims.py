"""Made-up policies of a car insurance: how often something happens, for how long they were watched, what it costs."""

from __future__ import annotations

import numpy as np
import polars as pl

AREAS = ["A", "B", "C", "D", "E", "F"]
BRANDS = [f"brand {i}" for i in range(11)]


def policies(count: int, seed: int = 0) -> pl.DataFrame:
    """A row for each policy: ``frequency`` is claims in a year of ``exposure``, ``cost`` that of one claim."""
    draw = np.random.default_rng(seed)
    area, brand = draw.integers(0, len(AREAS), count), draw.integers(0, len(BRANDS), count)
    age, power = draw.integers(18, 90, count), draw.integers(4, 15, count)
    density = np.exp(draw.normal(5, 1.8, count)).round() + 1
    exposure = draw.uniform(0.05, 1.0, count).round(3)
    bonus = np.maximum(50, 100 - draw.exponential(30, count)).round()
    rate = np.exp(
        -0.4 + 0.1 * area + 0.06 * np.log(density) + 0.012 * (bonus - 60)
        + 0.5 * (age < 25) - 0.004 * age + 0.05 * np.sin(brand)
    )  # fmt: skip
    claims = draw.poisson(rate * exposure)
    mean = np.exp(6.5 + 0.04 * power + 0.15 * np.cos(brand) + 0.002 * age)
    return pl.DataFrame(
        {
            "area": [AREAS[i] for i in area],
            "brand": [BRANDS[i] for i in brand],
            "age": age,
            "power": power,
            "density": density,
            "bonus": bonus,
            "exposure": exposure,
            "claims": claims,
            "frequency": claims / exposure,
            "cost": (draw.gamma(2.0, mean / 2.0) + 1).round(2),
        }
    )
