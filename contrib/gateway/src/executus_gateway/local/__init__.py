"""The folder of local mode: log, snapshot and artifacts in plain files."""
