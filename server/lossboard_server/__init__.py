"""The server of lossboard: ingest, storage, queries and the dashboard."""
