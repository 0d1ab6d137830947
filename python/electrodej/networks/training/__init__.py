"""What all trainings share: how they run, end early, are stopped and gone on with, and what they tell."""
