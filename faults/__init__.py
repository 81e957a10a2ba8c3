"""Faults put into copies of the repository, one at a time, to see whether the tests notice.

``package.toml``, ``browser.toml``, ``website.toml`` and ``classroom.toml`` list them; ``python -m faults`` runs them.
"""
