"""API Gateway: what this project corrects of MiniStack's."""
