"""The CDK constructs that the pipeline stack consists of."""
