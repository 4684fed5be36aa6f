#!/bin/sh
# Generates gen/ from proto/ into the directory given: the messages and services, and the image that server reflection
# answers from.
set -eu
cd "$(dirname "$0")/.."
buf generate --output "$1"
buf build --output "$1/gen/image.binpb"
