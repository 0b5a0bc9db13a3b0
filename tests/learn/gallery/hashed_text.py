"""Words hashed into a sparse matrix: which group was a message written to?"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.pipeline import make_pipeline

from tests.learn.gallery.example import Example, parted

TOPICS = ["comp.graphics", "rec.autos", "sci.space", "talk.religion"]
WORDS = 400


def build() -> Example:
    hashed = HashingVectorizer(n_features=2**8, norm=None, alternate_sign=False, ngram_range=(1, 2))
    model = make_pipeline(
        make_column_transformer((hashed, "text")),
        TfidfTransformer(sublinear_tf=True),
        LogisticRegression(C=5, max_iter=300),
    )
    rows, test = parted(messages(1_600))
    return Example(model, rows, test, "topic", ["text"], score)


def messages(count: int) -> pl.DataFrame:
    """Messages of made-up words: some are said everywhere, some more often in one group."""
    draw = np.random.default_rng(3)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    words = np.array(["".join(draw.choice(syllables, draw.integers(1, 4))) for _ in range(WORDS)])
    common = 1 / np.arange(1, WORDS + 1)
    topics = draw.integers(0, len(TOPICS), count)
    taste = [common * np.exp(draw.normal(scale=0.7, size=WORDS)) for _ in TOPICS]
    chances = [of / of.sum() for of in taste]
    texts = [
        " ".join(draw.choice(words, draw.integers(5, 40), p=chances[topic])) for topic in topics
    ]
    return pl.DataFrame({"text": texts, "topic": [TOPICS[topic] for topic in topics]})


def score(model: Any, rows: pl.DataFrame) -> dict[str, float]:
    x, topic = rows[["text"]].to_pandas(), rows["topic"].to_numpy()
    found = model.predict(x)
    return {
        "accuracy": accuracy_score(topic, found),
        "f1": f1_score(topic, found, average="macro"),
        "log_loss": log_loss(topic, model.predict_proba(x), labels=model.classes_),
    }
