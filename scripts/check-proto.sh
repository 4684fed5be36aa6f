#!/bin/sh
# Checks the contracts: their style, that gen/ is what `make generate` makes of them, that nobody who speaks those of the last
# release is broken, and that its configurations are still taken.
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
RELEASE=$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null || true)
BASE=${RELEASE:-$(git rev-parse --verify --quiet HEAD^ || true)}
if [ -z "$BASE" ] || ! git show "$BASE:gen/image.binpb" >"$FRESH/last.binpb" 2>/dev/null; then
  echo "contracts: nothing to compare with: git has no release, and no commit before"
  exit 0
fi
buf breaking --against "$FRESH/last.binpb"
# What a configuration may say is promised from release to release, not from commit to commit.
if [ -n "$RELEASE" ] && git show "$RELEASE:twinspan.schema.json" >"$FRESH/last.json"; then
  node scripts/check-settings.ts "$FRESH/last.json" twinspan.schema.json
fi
echo "contracts: as $BASE has them, or more"
