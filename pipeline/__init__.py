"""The pipeline of this project: its stack and the commands of its builds."""
