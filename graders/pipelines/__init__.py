"""The forge's CI: what happens there starts the learner's workflows, in the background, in the sandbox."""
