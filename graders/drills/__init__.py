"""Short questions with instant feedback, made anew from a seed: in a notebook cell or a terminal."""
