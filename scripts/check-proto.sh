#!/bin/sh
# Checks the contracts: their style, that gen/ is what `make generate` makes of them, and that nobody who speaks the last
# version is broken.
set -eu
cd "$(dirname "$0")/.."

buf lint
buf format --diff --exit-code

FRESH=$(mktemp -d)
trap 'rm -rf "$FRESH"' EXIT
sh scripts/generate.sh "$FRESH"
if ! diff -r "$FRESH/gen" gen >"$FRESH/diff"; then
  head -n 20 "$FRESH/diff" >&2
  echo "twinspan: gen/ is not what proto/ says. Run 'make generate', and commit gen/." >&2
  exit 1
fi
for FILE in docs/configuration.md twinspan.schema.json; do
  cmp -s "$FRESH/$FILE" "$FILE" && continue
  echo "twinspan: $FILE is not what lib/config/schema.ts says. Run 'make generate', and commit it." >&2
  exit 1
done

# A clone of main compared with main would compare it with itself, so it is the last release, else the commit before.
BASE=$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null || git rev-parse --verify --quiet HEAD^ || true)
if [ -z "$BASE" ] || ! git cat-file -e "$BASE:buf.yaml" 2>/dev/null; then
  echo "contracts: nothing to compare with yet"
  exit 0
fi
buf breaking --against ".git#ref=$BASE"
