#!/usr/bin/env bash
# The pipeline of super-resolution as a shell pipe: the same bytes as `pipeline run super-resolution IN -o OUT`.
#   samples/stages.sh samples/nuthatch.png piped.png
set -euo pipefail
pipeline stage decode-image <"$1" |
  pipeline stage upscale --scale 2 |
  pipeline stage encode-png >"$2"
