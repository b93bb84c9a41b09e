"""The gateway as tools of an executus agent."""
