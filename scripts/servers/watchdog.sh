#!/bin/sh
# Ends what a process has started, also when that process is killed: its end of our standard input closes then.
# watchdog.sh FOLDER — each line read is the id of the server that runs now (0: none). At the end of the input the
# server is killed and FOLDER is removed.
folder=$1
pid=0
while read -r line; do pid=$line; done
if [ "$pid" != 0 ] && kill -s KILL "$pid" 2>/dev/null; then
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
fi
# A server's own children may write for a moment more.
rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
