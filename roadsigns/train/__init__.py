"""Training: from a data set to a run's folder, its figures and an exported version."""
