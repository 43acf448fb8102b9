"""SAT's systolic array: processing elements, columns, edges."""
