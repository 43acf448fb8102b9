"""SAT in the model: dataflows, mappings, scheduler, plans, programs and their times."""
