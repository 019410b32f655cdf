"""When and where things are deployed: settings, the pipeline stack, its artifact store and its steps."""
