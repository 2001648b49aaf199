"""HTTP/1.1 connections and the port that they come to. No module here knows of models."""
