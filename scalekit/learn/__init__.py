"""Learning: split, fit and predict, with scikit-learn's estimators on scalekit's frames."""
