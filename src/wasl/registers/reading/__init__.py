"""Register files to typed columns: CSV, Excel, Parquet, CNSS declarations, cells and dates."""
