"""Many submissions: nbgrader's gradebook."""
