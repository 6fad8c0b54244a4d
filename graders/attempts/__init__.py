"""The proof that a grader is right: recipes for right and wrong submissions, each with the verdicts it must get."""
