"""Reads a local executable source into a DuckDB cache, as a user of PyAirbyte does: EXECUTABLE CONFIG DATABASE STRATEGY."""
import json
import sys

import airbyte as ab
from airbyte.caches import DuckDBCache

executable, config, database, strategy = sys.argv[1:]
source = ab.get_source(
    "source-tidemark", config=json.loads(config), local_executable=executable, install_if_missing=False
)
source.check()
source.select_all_streams()
cache = DuckDBCache(db_path=database)
result = source.read(cache=cache, write_strategy=strategy)
counts = {name: len(list(dataset)) for name, dataset in result.streams.items()}
print("RESULT " + json.dumps({"processed": result.processed_records, "counts": counts}))
