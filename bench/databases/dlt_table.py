"""dlt's own way from a table to files or into DuckDB: dlt_table.py URL TABLE ROWS BACKEND csv|parquet|duckdb PLACE"""
import sys

import dlt
from dlt.sources.sql_database import sql_table

url, table, rows, backend, kind, place = sys.argv[1:]
destination = dlt.destinations.duckdb(place) if kind == 'duckdb' else dlt.destinations.filesystem(place)
format = 'csv' if kind == 'csv' else 'parquet'
pipeline = dlt.pipeline('bench', destination=destination, dataset_name='d', dev_mode=True)
pipeline.run(sql_table(credentials=url, table=table, schema='public', backend=backend), loader_file_format=format)
written = pipeline.last_trace.last_normalize_info.row_counts[table]
assert written == int(rows), written
