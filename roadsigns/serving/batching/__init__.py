"""Dynamic batching: requests that wait at the same time share a run of the model."""
