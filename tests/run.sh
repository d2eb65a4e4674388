#!/usr/bin/env bash
# Runs every test there is and closes with one line: how many passed, how many failed.
#
#   tests/run.sh [SUITE …]      all of them if none is named; SUITES below lists them
#
# The Rust suites run on SQLite and PostgreSQL, in memory and on Redis; then unmodified clients and a real browser use
# the binary of the same build. A suite that fails does not keep the others from running. Nothing is skipped silently:
# a missing prerequisite ends the run, and a suite that did not finish counts as a failure.

set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/prerequisites.sh
. tests/prerequisites.sh

SUITES=(rust openid-client auth-js express-jwt authlib python-keycloak schemathesis mod-auth-openidc browser)
PASSED=0
FAILED=0
TROUBLE=()

heading() {
  printf '\n== %s\n' "$*"
}

# Adds the counts of a suite: its name, its exit code, how many passed, how many failed.
count() {
  local name=$1 status=$2 passed=$3 failed=$4
  # A suite that ended badly without a failed test did not get to its tests: that is a failure, too.
  if ((status != 0 && failed == 0)); then failed=1; fi
  # A suite that ran nothing proves nothing.
  if ((status == 0 && passed == 0)); then failed=1; fi
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  if ((failed > 0)); then TROUBLE+=("$name: $failed failed"); fi
}

# Runs a command, shows its output and keeps it in LOGS; the exit code lands in STATUS.
logged() {
  local name=$1
  shift
  STATUS=0
  "$@" 2>&1 | tee "$LOGS/$name.out" || STATUS=$?
}

# Sums the numbers before a word in cargo's lines: "test result: ok. 5 passed; 0 failed; …".
cargo_sum() {
  awk -v word="$1" '/^test result:/ {
    for (field = 2; field <= NF; field++) if ($field ~ "^" word "[;]?$") sum += $(field - 1)
  } END { print sum + 0 }' "$LOGS/rust.out"
}

rust() {
  heading "Rust: unit, integration and documentation tests on every backend"
  logged rust cargo test --workspace --no-fail-fast
  local ignored
  ignored=$(cargo_sum ignored)
  if ((ignored > 0)); then TROUBLE+=("rust: $ignored ignored"); fi
  count rust "$STATUS" "$(cargo_sum passed)" "$(cargo_sum failed)"
}

# The number behind a word in the closing lines of Node's test runner: "# pass 5".
node_number() {
  awk -v word="$2" '$1 == "#" && $2 == word && NF == 3 { number = $3 } END { print number + 0 }' "$LOGS/$1.tap"
}

node_suite() {
  local name=$1 folder=$2 skipped
  heading "$3"
  rm -f "$LOGS/$name.tap"
  if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
    count "$name" 1 0 0
    return
  fi
  logged "$name" node --test \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$LOGS/$name.tap" \
    "$folder"/*.test.mjs
  touch "$LOGS/$name.tap"
  skipped=$(($(node_number "$name" skipped) + $(node_number "$name" todo)))
  if ((skipped > 0)); then TROUBLE+=("$name: $skipped skipped"); fi
  count "$name" "$STATUS" "$(node_number "$name" pass)" \
    "$(($(node_number "$name" fail) + $(node_number "$name" cancelled)))"
}

openid_client() {
  node_suite openid-client tests/interop/openid-client "npm openid-client against the running server"
}

browser() {
  PALATINE_CHROMIUM=$(chromium_path)
  export PALATINE_CHROMIUM
  node_suite browser tests/browser "Chromium, from an application on another site"
}

auth_js() {
  node_suite auth-js tests/interop/auth-js "npm @auth/core (Auth.js) against the running server"
}

express_jwt() {
  node_suite express-jwt tests/interop/express-jwt "an API with npm express-jwt and the running server's tokens"
}

mod_auth_openidc() {
  python_suite mod-auth-openidc tests/interop/mod-auth-openidc "Apache with mod_auth_openidc against the running server"
}

authlib() {
  python_suite authlib tests/interop/authlib "PyPI authlib against the running server"
}

python_keycloak() {
  python_suite python-keycloak tests/interop/python-keycloak "PyPI python-keycloak against the running server"
}

schemathesis() {
  python_suite schemathesis tests/interop/schemathesis "PyPI schemathesis against the admin API of the running server"
}

# Each suite has an environment of its own: the clients under test disagree about versions of what they use.
python_suite() {
  local name=$1 folder=$2 environment=$TARGET/test-python/$1
  heading "$3"
  if ! cmp -s "$folder/requirements.txt" "$environment/requirements.txt"; then
    if ! { rm -rf "$environment" && python3 -m venv "$environment" &&
      "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$folder/requirements.txt" &&
      cp "$folder/requirements.txt" "$environment/requirements.txt"; }; then
      count "$name" 1 0 0
      return
    fi
  fi
  PYTHONPATH=tests/support PYTHONDONTWRITEBYTECODE=1 \
    logged "$name" "$environment/bin/python" -m unittest discover --verbose --start-directory "$folder"
  # "Ran 12 tests in 3.4s", then "OK" or "FAILED (failures=1, errors=2, skipped=3)".
  local ran failed skipped
  ran=$(awk '/^Ran [0-9]+ tests? in / { ran = $2 } END { print ran + 0 }' "$LOGS/$name.out")
  failed=$(($(unittest_number "$name" failures) + $(unittest_number "$name" errors)))
  skipped=$(unittest_number "$name" skipped)
  if ((skipped > 0)); then TROUBLE+=("$name: $skipped skipped"); fi
  # A subtest or a module's setup can fail without being among the tests that ran.
  local passed=$((ran - failed - skipped))
  count "$name" "$STATUS" "$((passed > 0 ? passed : 0))" "$failed"
}

# The number behind a word in the closing line of a suite: its name, the word.
unittest_number() {
  awk -v word="$2" '/^(OK|FAILED)/ && match($0, "[(, ]" word "=[0-9]+") {
    number = substr($0, RSTART, RLENGTH); sub(/.*=/, "", number)
  } END { print number + 0 }' "$LOGS/$1.out"
}

# The binary and all tests in one go, so that every crate is compiled once, with one set of features.
build() {
  heading "Building the server and the tests"
  if ! cargo build --workspace --all-targets; then
    echo "The workspace does not compile." >&2
    printf '\n0 passed, 1 failed\n'
    exit 1
  fi
  PALATINE_BIN=$(cd "$TARGET/debug" && pwd)/palatine
  export PALATINE_BIN
}

suites=("$@")
if ((${#suites[@]} == 0)); then suites=("${SUITES[@]}"); fi
for suite in "${suites[@]}"; do
  if [[ " ${SUITES[*]} " != *" $suite "* ]]; then
    echo "There is no suite $suite: ${SUITES[*]}." >&2
    exit 2
  fi
done

require_programs
LOGS=$TARGET/test-logs
mkdir -p "$LOGS"
PALATINE_TEST_LOGS=$(cd "$LOGS" && pwd)
export PALATINE_TEST_LOGS
trap release_services EXIT
heading "Services"
provide_postgres
provide_redis
build
for suite in "${suites[@]}"; do "${suite//-/_}"; done

heading "Summary"
for line in "${TROUBLE[@]+"${TROUBLE[@]}"}"; do echo "$line"; done
echo "$PASSED passed, $FAILED failed"
((FAILED == 0))
