#!/bin/sh
# Installs the checkers of this folder into it: the packages of package-lock.json, each against its hash, and LHC-Forms, of which only
# the built files are taken (its package asks for what no form needs). Where that cannot be done it says why, and the tests that need
# them are skipped; a build server (CI is set) fails instead.
set -eu
cd "$(dirname "$0")"
LFORMS=40.1.3
LFORMS_SHA512=WLruTm+BcVnafC0rSAQ3/cNqhxvclBUxyBG68aub/uha2NaK9H8ZZcEXTTuORuGzzCt0wa7fvhuieZtcDIdPzQ==

skip() {
  echo "setup    $1: the independent checks of FHIR are skipped" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup    Debian packages nodejs and npm: the independent checks of FHIR need them"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null 2>&1 || {
      apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null; } || skip "no Node could be installed"
  else
    skip "no Node or npm here"
  fi
fi
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge 20 ] || skip "Node $(node --version) is older than 20"

if [ ! -f node_modules/.stamp ] || [ package-lock.json -nt node_modules/.stamp ]; then
  echo "setup    packages of tests/conformance/package-lock.json, each checked against its hash"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=60000 >/dev/null || skip "npm could not fetch its packages"
  touch node_modules/.stamp
fi

if [ ! -f "lforms/.$LFORMS" ]; then
  echo "setup    LHC-Forms $LFORMS, checked against its hash"
  rm -rf lforms && mkdir lforms
  npm pack "lforms@$LFORMS" --pack-destination lforms --loglevel=error --fetch-retries=1 --fetch-timeout=60000 >/dev/null || skip "npm could not fetch LHC-Forms"
  packed=lforms/lforms-$LFORMS.tgz
  found=$(node -e 'const {createHash}=require("crypto");console.log(createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64"))' "$packed")
  if [ "$found" != "$LFORMS_SHA512" ]; then
    echo "setup: lforms@$LFORMS is not what it was: its hash is $found" >&2
    exit 1
  fi
  tar -xzf "$packed" -C lforms --strip-components=3 package/dist/lforms
  rm -f "$packed"
  find lforms -name '*.map' -delete
  touch "lforms/.$LFORMS"
fi
