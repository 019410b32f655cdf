"""ECR: what this project corrects of MiniStack's."""
