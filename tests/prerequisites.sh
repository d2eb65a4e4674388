#!/usr/bin/env bash
# What the tests need beside the Rust toolchain: programs, a PostgreSQL and a Redis.
#
#   tests/prerequisites.sh           says what is missing; exit code 1 if anything is
#   . tests/prerequisites.sh         for tests/run.sh and tests/setup.sh: the functions below
#
# A PostgreSQL or Redis that already runs is used: the one that PALATINE_TEST_POSTGRES_URL or PALATINE_TEST_REDIS_URL
# names, else the one at the usual port of this machine. If none answers, a private one is started from the installed
# programs on a free port, with its data under target/, and ended with the tests.

set -euo pipefail

NODE_AT_LEAST=20
TARGET=${CARGO_TARGET_DIR:-target}
# Where tests/setup.sh puts a Node.js if the system's is too old.
PRIVATE_NODE=$TARGET/tools/node/bin

if [[ -x $PRIVATE_NODE/node ]]; then
  PATH=$(cd "$PRIVATE_NODE" && pwd):$PATH
fi

has() {
  command -v "$1" >/dev/null 2>&1
}

node_is_new_enough() {
  has node && (("$(node -p 'process.versions.node.split(".")[0]')" >= NODE_AT_LEAST))
}

chromium_path() {
  local candidate
  if [[ -n ${PALATINE_CHROMIUM:-} ]]; then
    echo "$PALATINE_CHROMIUM"
    return
  fi
  for candidate in /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    if [[ -x $candidate ]]; then
      echo "$candidate"
      return
    fi
  done
}

# The folder with initdb, pg_ctl and postgres: the newest of Debian's layout, else wherever PATH has all three.
postgres_programs() {
  local folder newest=
  while IFS= read -r folder; do
    if [[ -x $folder/initdb && -x $folder/postgres ]]; then newest=$folder; fi
  done < <(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V)
  if [[ -z $newest ]] && has initdb && has pg_ctl && has postgres; then
    newest=$(dirname "$(command -v initdb)")
  fi
  echo "$newest"
}

# One line for each thing that is missing: the Debian package, a tab, what it is for.
missing_packages() {
  has cc || printf 'build-essential\tthe C parts of the embedded database and of the cryptography\n'
  has cmake || printf 'cmake\tbuilding the cryptography on some processors\n'
  has clang || printf 'clang\tbuilding the cryptography on some processors\n'
  has python3 || printf 'python3\tthe tests with Python clients\n'
  python3 -c 'import ensurepip, venv' 2>/dev/null || printf 'python3-venv\tthe tests with Python clients\n'
  node_is_new_enough || printf 'nodejs\tNode.js %s or newer: the tests with JavaScript clients and the browser\n' $NODE_AT_LEAST
  has npm || printf 'npm\tthe tests with JavaScript clients and the browser\n'
  [[ -n $(chromium_path) ]] || printf 'chromium\tthe browser tests\n'
  [[ -x /usr/sbin/apache2 ]] || printf 'apache2-bin\tthe tests with mod_auth_openidc\n'
  [[ -f /usr/lib/apache2/modules/mod_auth_openidc.so ]] ||
    printf 'libapache2-mod-auth-openidc\tthe tests with mod_auth_openidc\n'
  has openssl || printf 'openssl\tthe browser tests over https\n'
  has redis-server || printf 'redis-server\tthe tests on Redis, some of which stop it\n'
  if ! has psql || [[ -z $(postgres_programs) ]]; then
    printf 'postgresql\tthe tests on PostgreSQL\n'
  fi
}

# Ends the run with the one command that helps, if anything is missing.
require_programs() {
  local missing
  missing=$(missing_packages)
  [[ -z $missing ]] && return
  {
    echo "The tests need what this machine does not have:"
    while IFS=$'\t' read -r package purpose; do
      printf '  %-16s %s\n' "$package" "$purpose"
    done <<<"$missing"
    echo
    echo "Install it with:  make setup"
  } >&2
  exit 1
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A superuser answers: the tests make databases and roles.
postgres_answers() {
  local superuser
  superuser=$(PGCONNECT_TIMEOUT=3 psql --no-psqlrc --no-password -Atc \
    'SELECT rolsuper FROM pg_roles WHERE rolname = current_user' "$1" 2>/dev/null) && [[ $superuser == t ]]
}

provide_postgres() {
  local usual=postgres://postgres@127.0.0.1:5432/postgres
  if [[ -n ${PALATINE_TEST_POSTGRES_URL:-} ]]; then
    if ! postgres_answers "$PALATINE_TEST_POSTGRES_URL"; then
      echo "PALATINE_TEST_POSTGRES_URL names a PostgreSQL that does not answer a superuser." >&2
      exit 1
    fi
    echo "PostgreSQL: the one that PALATINE_TEST_POSTGRES_URL names"
  elif postgres_answers "$usual"; then
    export PALATINE_TEST_POSTGRES_URL=$usual
    echo "PostgreSQL: the one at 127.0.0.1:5432"
  else
    start_postgres
  fi
}

start_postgres() {
  local programs port
  programs=$(postgres_programs)
  port=$(free_port)
  POSTGRES_FOLDER=$(service_folder postgres)
  as_postgres_owner "$programs/initdb" -D "$POSTGRES_FOLDER/data" -A trust -U postgres --encoding UTF8 --locale C \
    >"$POSTGRES_FOLDER/initdb.log" 2>&1 || fail_with "$POSTGRES_FOLDER/initdb.log"
  # No sockets (their paths are too long under some folders) and no fsync: nobody needs this data afterwards.
  as_postgres_owner "$programs/pg_ctl" -D "$POSTGRES_FOLDER/data" -l "$POSTGRES_FOLDER/data/server.log" -w \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=300" \
    start >/dev/null || fail_with "$POSTGRES_FOLDER/data/server.log"
  export PALATINE_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres
  echo "PostgreSQL: a private one at 127.0.0.1:$port"
}

# `initdb` and `postgres` refuse to run as root.
as_postgres_owner() {
  if ((EUID == 0)); then
    (cd / && runuser -u "$(postgres_owner)" -- "$@")
  else
    "$@"
  fi
}

postgres_owner() {
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# A fresh folder for a service. Under target/, unless the service's user cannot get there (a checkout in /root).
service_folder() {
  local parent folder
  mkdir -p "$TARGET/test-services"
  parent=$(cd "$TARGET/test-services" && pwd)
  folder=$(mktemp -d "$parent/$1.XXXXXX")
  if ((EUID == 0)) && [[ $1 == postgres ]]; then
    chown "$(postgres_owner)" "$folder"
    if ! runuser -u "$(postgres_owner)" -- test -x "$folder" 2>/dev/null; then
      rmdir "$folder"
      folder=$(mktemp -d)
      chown "$(postgres_owner)" "$folder"
    fi
  fi
  echo "$folder"
}

fail_with() {
  echo "PostgreSQL did not start:" >&2
  cat "$1" >&2
  exit 1
}

# Answers PING without a password.
redis_answers() {
  local reply
  reply=$(
    exec 2>/dev/null
    exec 3<>"/dev/tcp/$1/$2" || exit 1
    printf 'PING\r\n' >&3
    IFS= read -r -t 3 line <&3 && echo "$line"
  ) || return 1
  [[ $reply == +PONG* ]]
}

provide_redis() {
  if [[ -n ${PALATINE_TEST_REDIS_URL:-} ]]; then
    # The tests themselves say so if it does not answer; its URL may need TLS and a password.
    echo "Redis: the one that PALATINE_TEST_REDIS_URL names"
  elif redis_answers 127.0.0.1 6379; then
    export PALATINE_TEST_REDIS_URL=redis://127.0.0.1:6379
    echo "Redis: the one at 127.0.0.1:6379"
  else
    start_redis
  fi
}

start_redis() {
  local port deadline=$((SECONDS + 10))
  port=$(free_port)
  REDIS_FOLDER=$(service_folder redis)
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$REDIS_FOLDER" \
    >"$REDIS_FOLDER/server.log" 2>&1 &
  REDIS_PROCESS=$!
  until redis_answers 127.0.0.1 "$port"; do
    if ((SECONDS > deadline)) || ! kill -0 "$REDIS_PROCESS" 2>/dev/null; then
      echo "Redis did not start:" >&2
      cat "$REDIS_FOLDER/server.log" >&2
      exit 1
    fi
    sleep 0.1
  done
  export PALATINE_TEST_REDIS_URL=redis://127.0.0.1:$port
  echo "Redis: a private one at 127.0.0.1:$port"
}

# Ends what provide_postgres and provide_redis started, and nothing else.
release_services() {
  if [[ -n ${REDIS_PROCESS:-} ]]; then
    kill "$REDIS_PROCESS" 2>/dev/null || true
    wait "$REDIS_PROCESS" 2>/dev/null || true
    rm -rf "$REDIS_FOLDER"
    REDIS_PROCESS=
  fi
  if [[ -n ${POSTGRES_FOLDER:-} ]]; then
    as_postgres_owner "$(postgres_programs)/pg_ctl" -D "$POSTGRES_FOLDER/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$POSTGRES_FOLDER"
    POSTGRES_FOLDER=
  fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  cd "$(dirname "$0")/.."
  require_programs
  echo "Everything that the tests need is installed."
fi
