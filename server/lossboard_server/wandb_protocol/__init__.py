"""The door of the unmodified `wandb` client: GraphQL, file_stream and uploads.

It translates to the same records, tables and queries as the native door and stores nothing of
its own. The protocol is that of the client as observed; see docs/compatibility.md.
"""
