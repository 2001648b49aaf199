"""The models that are served: their folders, their versions, and which are loaded."""
