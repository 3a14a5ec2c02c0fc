"""For the authors of plugins: fixtures and suites that every plugin should pass."""
