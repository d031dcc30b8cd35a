"""Starts llama.cpp's HTTP server out of the Python package `xllamacpp`, which lies in a folder of its own.

Every option comes as an argument. Runs until it is killed.
"""

import argparse
import sys
import time

if sys.version_info < (3, 10):
    sys.exit("python3 is %d.%d, the server needs 3.10 or newer" % sys.version_info[:2])

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--package", required=True, help="folder that holds xllamacpp/")
parser.add_argument("--model", required=True)
parser.add_argument("--alias", required=True, help="the model's name in answers")
parser.add_argument("--host", required=True)
parser.add_argument("--port", required=True, type=int)
parser.add_argument("--ctx", required=True, type=int)
parser.add_argument("--threads", required=True, type=int)
options = parser.parse_args()

sys.path.insert(0, options.package)
import xllamacpp  # noqa: E402  (the folder is known only now)

params = xllamacpp.CommonParams()
params.model.path = options.model
params.model_alias = {options.alias}
params.hostnames = [options.host]
params.port = options.port
# A second server on the same port is a mistake, not a second worker.
params.reuse_port = False
params.n_ctx = options.ctx
params.n_parallel = 1
params.cpuparams.n_threads = options.threads
params.cpuparams_batch.n_threads = options.threads

try:
    server = xllamacpp.Server(params)
except RuntimeError as error:
    # llama.cpp has said above what is wrong; a traceback would hide it.
    sys.exit("the server did not start: %s" % error)
print("listening on", server.listening_address, flush=True)
while True:
    time.sleep(3600)
