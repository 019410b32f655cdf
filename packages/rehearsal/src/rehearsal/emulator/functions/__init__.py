"""Python and Node.js functions, run as on AWS: in a separate interpreter and file system, by AWS's runtime client."""
