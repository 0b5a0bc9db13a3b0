"""Estimators that have no fit over partitions, why, and what has one in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scalekit.learn.strategies.strategy import Refused

_TREES = "a tree looks at all its rows for each of its splits"
_BOOSTING = "each tree is fitted to what all trees before it left over, by code that takes all rows in one memory"
_PAIRS = "it compares each row with all others"
_KERNEL = "its kernel compares each row with all others"
_KEEPS = "what it learns are the training rows themselves"
_GRAPH = "it spreads over a graph of all rows"
_FACTORS = "each step of its solver needs a value for each row from the step before"
_SUBSETS = "it fits one random subset of rows after the other and compares each with all rows"

_BOOSTED = ("XGB{}", "LGBM{}")
_CLUSTERS = ("KMeans", "BisectingKMeans", "GaussianMixture")


def _both(name: str, reason: str, *instead: str) -> Iterator[tuple[str, Refused]]:
    """An estimator for classes and one for numbers: ``{}`` is the end of their names."""
    for end in ("Classifier", "Regressor"):
        yield name.format(end), Refused(reason, tuple(other.format(end) for other in instead))


def _each(names: str, reason: str, *instead: str) -> Iterator[tuple[str, Refused]]:
    for name in names.split():
        yield name, Refused(reason, instead)


REFUSED: Mapping[str, Refused] = dict(
    (
        # trees
        *_both("DecisionTree{}", _TREES, "XGB{}(n_estimators=1)", "RandomForest{}"),
        *_both("ExtraTree{}", _TREES, "ExtraTrees{}", "XGB{}(n_estimators=1)"),
        *_both("GradientBoosting{}", _BOOSTING, *_BOOSTED),
        *_both("HistGradientBoosting{}", _BOOSTING, *_BOOSTED),
        *_both("AdaBoost{}", "each member is fitted to rows that those before it got wrong", *_BOOSTED),
        *_both("CatBoost{}", "CatBoost's training over several machines is not open", *_BOOSTED),
        *_each("CatBoost CatBoostRanker", "CatBoost's training over several machines is not open", "XGBRanker"),
        *_each("RandomTreesEmbedding", _TREES, "ExtraTreesRegressor, whose apply() gives the leaves"),
        # kernels
        *_each("SVC NuSVC", _KERNEL, "LinearSVC", "Nystroem before LinearSVC"),
        *_each("SVR NuSVR", _KERNEL, "LinearSVR", "Nystroem before LinearSVR"),
        *_each("OneClassSVM", _KERNEL, "IsolationForest", "Nystroem before SGDOneClassSVM"),
        *_each("KernelRidge", _KERNEL, "Nystroem before Ridge"),
        *_each("KernelPCA KernelCenterer", _KERNEL, "Nystroem before PCA"),
        *_each("GaussianProcessClassifier", _KERNEL, "Nystroem before LogisticRegression"),
        *_each("GaussianProcessRegressor", _KERNEL, "Nystroem before BayesianRidge"),
        # neighbours
        *_each("KNeighborsClassifier RadiusNeighborsClassifier", _KEEPS, "RandomForestClassifier", "XGBClassifier"),
        *_each("KNeighborsRegressor RadiusNeighborsRegressor", _KEEPS, "RandomForestRegressor", "XGBRegressor"),
        *_each("KNeighborsTransformer RadiusNeighborsTransformer NearestNeighbors", _KEEPS, "KMeans, whose centres stand for the rows"),
        *_each("KNNImputer", _KEEPS, "SimpleImputer"),
        *_each("IterativeImputer", "each of its rounds fits every column to all others, on rows that the fits before it filled in", "SimpleImputer(add_indicator=True)"),
        *_each("LocalOutlierFactor", _KEEPS, "IsolationForest"),
        *_each("KernelDensity", _KEEPS, "GaussianMixture"),
        *_each("NearestCentroid", "it is not made of sums over rows for all its metrics", "GaussianNB", "LinearDiscriminantAnalysis"),
        *_each("NeighborhoodComponentsAnalysis", _PAIRS, "LinearDiscriminantAnalysis"),
        # clusters and embeddings
        *_each("DBSCAN HDBSCAN OPTICS AgglomerativeClustering AffinityPropagation MeanShift", _PAIRS, *_CLUSTERS),
        *_each("SpectralClustering SpectralBiclustering SpectralCoclustering", _PAIRS, *_CLUSTERS),
        *_each("FeatureAgglomeration", "distances between columns are sums over rows that it keeps", "PCA"),
        *_each("TSNE Isomap LocallyLinearEmbedding MDS ClassicalMDS SpectralEmbedding", _PAIRS, "PCA", "Nystroem before PCA"),
        *_each("LabelPropagation LabelSpreading", _GRAPH, "LogisticRegression on the rows that have labels"),
        *_each("SelfTrainingClassifier", "its training rows become more as it goes on", "its estimator on the rows that have labels"),
        # factors
        *_each("NMF", _FACTORS, "MiniBatchNMF"),
        *_each("DictionaryLearning", _FACTORS, "MiniBatchDictionaryLearning"),
        *_each("SparsePCA MiniBatchSparsePCA", _FACTORS, "PCA"),
        *_each("BernoulliRBM", "it goes through the rows in small steps, each from a random state of the one before", "PCA", "MiniBatchDictionaryLearning"),
        # linear models and covariances
        *_each("OrthogonalMatchingPursuitCV", "it scores each path on every fold, row by row", "GridSearchCV over OrthogonalMatchingPursuit", "LassoCV"),
        *_each("LassoLarsIC", "its criterion wants the noise of a fit on all rows in memory", "LassoCV"),
        *_each("GraphicalLasso GraphicalLassoCV", "it keeps the rows for its scores", "LedoitWolf", "EmpiricalCovariance"),
        # robust fits
        *_each("RANSACRegressor TheilSenRegressor", _SUBSETS, "HuberRegressor"),
        *_each("EllipticEnvelope", _SUBSETS, "IsolationForest"),
        # searches
        *_each("HalvingGridSearchCV", "its samples of rows depend on the scores so far", "GridSearchCV, whose candidates share all passes"),
        *_each("HalvingRandomSearchCV", "its samples of rows depend on the scores so far", "RandomizedSearchCV, whose candidates share all passes"),
        *_each("RFECV", "it compares eliminations on several folds", "RFE", "GridSearchCV over RFE's n_features_to_select"),
        *_each("SequentialFeatureSelector", "it scores every column on every fold, time and again", "RFE", "SelectFromModel"),
        *_each("TunedThresholdClassifierCV", "it looks for a threshold among the scores of all rows", "FixedThresholdClassifier"),
    )
)  # fmt: skip
"""By the names of classes."""
