"""CloudWatch Logs: what MiniStack answers in another form than AWS."""
