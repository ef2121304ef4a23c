"""dlt's own way from the same API into DuckDB, by staged Parquet, its fastest: dlt_api.py URL TOTAL FILE"""
import sys

import dlt
from dlt.sources.rest_api import rest_api_source

url, total, file = sys.argv[1:]
source = rest_api_source(
    {
        'client': {'base_url': url},
        'resources': [
            {
                'name': 'customers',
                'primary_key': 'id',
                'endpoint': {
                    'path': 'customers',
                    'params': {'per_page': 1000, 'total': total},
                    'paginator': {'type': 'page_number', 'base_page': 1, 'page_param': 'page', 'total_path': None, 'stop_after_empty_page': True},
                    'data_selector': 'data',
                },
            }
        ],
    }
)
pipeline = dlt.pipeline('bench', destination=dlt.destinations.duckdb(file), dataset_name='d', dev_mode=True)
pipeline.run(source, loader_file_format='parquet')
with pipeline.sql_client() as client:
    rows = client.execute_sql('SELECT count(*) FROM customers')[0][0]
assert rows == int(total), rows
