"""A forest out of trees that were grown one after the other, each of which began where the first one did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import xgboost


def as_forest(raw: bytes, params: Mapping[str, Any]) -> bytes:
    """The model with all its trees in one round, those of each class together, as XGBoost has forests."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(raw))
    model = json.loads(booster.save_raw("json"))
    forest = model["learner"]["gradient_booster"]["model"]
    classes = forest["tree_info"]
    order = sorted(range(len(classes)), key=lambda tree: classes[tree])
    forest["trees"] = [forest["trees"][tree] | {"id": place} for place, tree in enumerate(order)]
    forest["tree_info"] = [classes[tree] for tree in order]
    forest["iteration_indptr"] = [0, len(order)]
    forest["gbtree_model_param"]["num_parallel_tree"] = str(params["num_parallel_tree"])
    return json.dumps(model).encode()
