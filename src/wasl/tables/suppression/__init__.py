"""Secondary suppression: the cell suppression problem, its exact solution by cuts, and faster approximations."""
