#!/bin/sh
# What is known of the packages: first what the lock and the installation say by themselves, then what npm's registry says
# of them. Not every registry says it: then that is told, and nothing more is claimed.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT

node scripts/check-packages.ts || status=1

# ask NAME ARGUMENTS…: runs npm audit; its failure is one of the packages, unless the registry does not answer at all.
ask() {
  name=$1
  shift
  if npm audit "$@" >"$report" 2>&1; then
    echo "$name: nothing is wrong: $(tail -1 "$report")"
  elif grep -qE 'audit endpoint returned an error|40[0-9] |ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENOAUDIT|No keys' "$report"; then
    echo "$name: NOT CHECKED: this registry ($(npm config get registry)) does not tell: $(grep -m1 -iE 'warn|error' "$report")"
  else
    cat "$report"
    echo "$name: something is wrong"
    status=1
  fi
}
ask "advisories" --omit=dev
ask "advisories of development's packages" --audit-level=critical
ask "signatures" signatures
exit $status
