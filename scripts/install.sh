#!/bin/sh
# Installs the dependencies that package-lock.json pins, Node itself among them, unless that was done already. Every
# failure is one line that says what is wrong and what to do; npm's own words are in var/log/install.log.
set -u
cd "$(dirname "$0")/.." || exit 1

STAMP=node_modules/.twinspan-installed
LOG=var/log/install.log

fail() {
  echo "twinspan: $1" >&2
  exit 1
}

lock_sum() {
  cksum <package-lock.json
}

installed() {
  [ -x node_modules/node/bin/node ] || return 1
  [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(lock_sum)" ]
}

# Someone may have run `npm ci` or `npm install` themselves: npm then left its own note, newer than the lock.
installed_by_hand() {
  [ ! -f "$STAMP" ] && [ -x node_modules/node/bin/node ] && [ -f node_modules/.package-lock.json ] &&
    [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]
}

installed && exit 0
if installed_by_hand; then
  lock_sum >"$STAMP"
  exit 0
fi

command -v npm >/dev/null 2>&1 || fail "npm is missing. Install Node.js 20 or newer, which brings it (https://nodejs.org), and run this again."
command -v node >/dev/null 2>&1 || fail "node is missing. Install Node.js 20 or newer (https://nodejs.org), and run this again."
NODE_VERSION=$(node --version)
NODE_MAJOR=$(echo "$NODE_VERSION" | sed 's/^v\([0-9]*\).*/\1/')
[ "$NODE_MAJOR" -ge 20 ] 2>/dev/null || fail "Node $NODE_VERSION is too old to install with. Take Node.js 20 or newer (https://nodejs.org), and run this again."
NPM_VERSION=$(npm --version 2>/dev/null)
[ "${NPM_VERSION%%.*}" -ge 10 ] 2>/dev/null || fail "npm $NPM_VERSION is too old. Run 'npm install --global npm@11', and run this again."

mkdir -p var/log 2>/dev/null || fail "var/log cannot be created. Make $(pwd) writable, or free some disk, and run this again."
trap 'echo; fail "interrupted while installing. Run the same again: it begins anew."' INT TERM
STARTED=$(date +%s)
echo "installing dependencies (once, about a minute) …"
if ! npm ci --no-audit --no-fund --loglevel=error >"$LOG" 2>&1; then
  case $(cat "$LOG") in
  *ENOSPC*) fail "the disk is full. Free about 1 GB, and run this again." ;;
  *ENOTFOUND* | *EAI_AGAIN* | *ECONNREFUSED* | *ETIMEDOUT* | *ENETUNREACH* | *ECONNRESET* | *ERR_SOCKET_TIMEOUT*)
    fail "npm cannot reach its registry ($(npm config get registry)). Check the network, or npm's proxy and registry settings, and run this again." ;;
  *EACCES* | *EPERM*) fail "npm may not write here. Make $(pwd) and npm's cache writable, and run this again." ;;
  *EUSAGE*) fail "package.json and package-lock.json disagree. Run 'npm install', and look at what it changes." ;;
  *EINTEGRITY*) fail "a package is not the one that package-lock.json pins. Run 'npm cache verify', and run this again." ;;
  *) fail "npm ci failed: $(grep -m1 -i 'error' "$LOG" | cut -c1-160). All of it is in $LOG." ;;
  esac
fi
[ -x node_modules/node/bin/node ] || fail "Node was not installed into node_modules/node: npm's ignore-scripts is on. Run 'npm ci --ignore-scripts=false', and run this again."
lock_sum >"$STAMP" || fail "the disk is full. Free some, and run this again."
echo "dependencies installed in $(($(date +%s) - STARTED)) s"
