"""Standard codes: classifications of countries, places, activities, and the 20th ICLS."""
