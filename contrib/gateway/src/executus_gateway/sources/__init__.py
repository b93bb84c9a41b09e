"""Where tools come from: a connector per kind, and the manager that keeps their catalogs."""
