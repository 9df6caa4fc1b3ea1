"""Pattern counts to match probabilities: Fellegi and Sunter's model, its fitting, term frequencies, scored pairs."""
