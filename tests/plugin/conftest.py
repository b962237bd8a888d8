"""The plugin is tested from outside, by running pytest on small suites."""

pytest_plugins = ["pytester"]
