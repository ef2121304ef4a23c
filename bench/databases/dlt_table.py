"""dlt's own way from a table into DuckDB: dlt_table.py URL FILE"""
import sys

import dlt
from dlt.sources.sql_database import sql_table

url, file = sys.argv[1:]
pipeline = dlt.pipeline('bench', destination=dlt.destinations.duckdb(file), dataset_name='d', dev_mode=True)
pipeline.run(sql_table(credentials=url, table='few', schema='public', backend='pyarrow'))
