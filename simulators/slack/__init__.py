"""Slack: Events API, Web API, OAuth, files and interactivity."""
