"""The settings in cdk.json's context `delivery`: model, rules, messages, JSON Schema."""
