"""A web console for one CodePipeline, on AWS or rehearsed; it uses AWS's APIs only."""
