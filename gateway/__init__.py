"""Fællesplan gateway: one joint plan per citizen, shared by region and municipality."""

__version__ = "0.1.0"
