"""Whom we call: lines to the systems outside, and the courier that takes the outbox to them."""
