"""Readers: open what a learner made, safely, and say what is there. They know nothing of points."""
