"""What is done with rows that are there: clean of test data, mixed, counted, looked at, labelled by a teacher."""
