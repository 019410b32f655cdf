"""Bootstrap the accounts of the embedded AWS and deploy the pipeline for the first time."""
