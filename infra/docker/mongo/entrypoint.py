#!/usr/bin/python3
"""Starts SecantusDB with the mongod flags that Threshold uses. Rejects all others, like mongod."""
import argparse
import os
import sys

arguments = sys.argv[1:]
if arguments[:1] == ["mongod"]:
    arguments = arguments[1:]
elif arguments and not arguments[0].startswith("-"):
    os.execvp(arguments[0], arguments)

flags = argparse.ArgumentParser(prog="mongod", allow_abbrev=False)
flags.add_argument("--bind_ip", default="127.0.0.1")
flags.add_argument("--bind_ip_all", dest="bind_ip", action="store_const", const="0.0.0.0")
flags.add_argument("--port", default="27017")
flags.add_argument("--dbpath", default="/data/db")
flags.add_argument("--wiredTigerCacheSizeGB", dest="cache_gb", type=float, default=0.25)
# SecantusDB always reports a replica set, of which it is the primary at once.
flags.add_argument("--replSet")
flags.add_argument("--quiet", action="store_true")
options = flags.parse_args(arguments)

os.makedirs(options.dbpath, exist_ok=True)
os.chdir(options.dbpath)
os.environ["PYTHONPATH"] = "/opt/secantus"
server = ["python3", "/opt/secantus/bin/secantusd-py"]
server += ["--host", options.bind_ip, "--port", options.port]
server += ["--storage-path", options.dbpath, "--cache-size", f"{int(options.cache_gb * 1024)}M"]
os.execv("/usr/bin/python3", [*server, "--log-level", "WARNING", "--sync-on-commit"])
