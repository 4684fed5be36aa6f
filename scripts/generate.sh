#!/bin/sh
# Generates into the directory given: gen/ from proto/ (messages, services, and the image that server reflection answers
# from), and from the configuration's schema its documentation and its JSON Schema.
set -eu
cd "$(dirname "$0")/.."
buf generate --output "$1"
buf build --output "$1/gen/image.binpb"
mkdir -p "$1/docs"
node scripts/write-configuration-doc.ts "$1"
