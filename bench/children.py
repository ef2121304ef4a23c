"""Runs a command and says what it used: children.py USAGE.json OUTPUT COMMAND..."""
import json, resource, subprocess, sys, time

usage, output, *command = sys.argv[1:]
began = time.monotonic()
with open(output, 'wb') as out:
    code = subprocess.call(command, stdout=out, timeout=1800)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(usage, 'w') as file:
    json.dump({'wall': time.monotonic() - began, 'cpu': used.ru_utime + used.ru_stime, 'megabytes': used.ru_maxrss / 1024}, file)
sys.exit(code)
