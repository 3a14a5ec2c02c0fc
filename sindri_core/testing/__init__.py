"""For the authors of plugins: a ``Core`` to test with, and suites that every plugin should pass.

``pytest`` finds the fixtures by itself where sindri-core is installed. The suites are classes to inherit from
(``sindri_core.testing.contract``); a test module of a provider is as long as its two fixtures.
"""
