#!/usr/bin/env bash
# Installs what building and testing need and the machine does not have yet. Only missing packages are touched.

set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/prerequisites.sh
. tests/prerequisites.sh

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    echo "Installing packages needs root or sudo: $*" >&2
    exit 1
  fi
}

install_packages() {
  local packages=("$@")
  if ! has apt-get; then
    echo "This machine has no apt-get. Please install what these Debian packages hold: ${packages[*]}" >&2
    exit 1
  fi
  echo "Installing: ${packages[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
}

# Some releases have an older Node.js than the tests' libraries want: put one beside the other tools, for the tests
# alone. The package holds the plain program and runs no script of its own.
install_private_node() {
  local processor
  case $(uname -m) in
    x86_64) processor=x64 ;;
    aarch64) processor=arm64 ;;
    *)
      echo "The tests need Node.js $NODE_AT_LEAST or newer; this machine has $(node --version)." >&2
      exit 1
      ;;
  esac
  echo "Installing Node.js $NODE_AT_LEAST under $TARGET/tools"
  npm install --no-save --no-package-lock --no-audit --no-fund --prefix "$TARGET/tools/node-package" \
    "node-linux-$processor@20.20.2"
  mkdir -p "$PRIVATE_NODE"
  ln -sf "$(cd "$TARGET/tools/node-package/node_modules/node-linux-$processor/bin" && pwd)/node" "$PRIVATE_NODE/node"
  PATH=$(cd "$PRIVATE_NODE" && pwd):$PATH
}

mapfile -t packages < <(missing_packages | cut -f1)
# Not needed by the tests: what `make` itself and `make check` use.
has make || packages+=(make)
has shellcheck || packages+=(shellcheck)
# A browser without any font draws boxes.
if [[ " ${packages[*]} " == *' chromium '* ]]; then packages+=(fonts-dejavu-core); fi
# A system that has npm already has its Node.js, from wherever it came: do not replace it.
if has node && [[ " ${packages[*]} " == *' nodejs '* ]]; then
  kept=()
  for package in "${packages[@]}"; do
    if [[ $package != nodejs ]]; then kept+=("$package"); fi
  done
  packages=("${kept[@]+"${kept[@]}"}")
fi
if ((${#packages[@]} > 0)); then install_packages "${packages[@]}"; fi
hash -r
if ! node_is_new_enough; then install_private_node; fi
require_programs
echo "Everything that building and testing need is installed."
