#!/usr/bin/env bash
# Runs a command beside a Docker daemon of its own, which DOCKER_HOST names to it, with images of our own in place of the official ones.
#   infra/docker/run.sh COMMAND…
# It ends with the command's exit code; with 77 when this machine cannot have Docker; with 1 when Docker should have come and did
# not. Packages, images and the daemon's data stay in the cache. Nothing is installed on the machine. See README.md.
# shellcheck disable=SC2317 # functions are called by step and by the trap
set -euo pipefail
shopt -s inherit_errexit nullglob

readonly CANNOT=77
readonly LOCK_WITHIN_S=900
readonly DAEMON_WITHIN_S=60
readonly STOP_WITHIN_S=20
readonly BRIDGE=threshold0
# Of the range for benchmarks between networks (RFC 2544), which no real network uses.
readonly BRIDGE_ADDRESS=198.18.77.1/24
readonly SUITE=bookworm
readonly PACKAGES=(docker.io debootstrap iproute2)
readonly BASE=threshold-local/base
readonly BASE_PACKAGES=openjdk-17-jre-headless,python3-minimal,libpython3-stdlib

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REQUIREMENTS=$HERE/../engines/requirements
CACHE=${THRESHOLD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/threshold}/docker
TOOLS=$CACHE/tools-$SUITE
BUILD=$CACHE/build
readonly HERE REQUIREMENTS CACHE TOOLS BUILD
RUN='' doing='' namespace='' command=''

say() { printf 'docker: %s\n' "$*"; }

cannot() {
  say "not to be had here: $1"
  exit "$CANNOT"
}

# Says how long a step took. What it wrote is shown when it failed, by finish.
step() {
  local from=$SECONDS
  doing=$1
  shift
  "$@" >"$RUN/output" 2>&1
  ((SECONDS - from < 2)) || say "$doing: $((SECONDS - from)) s"
  doing=''
}

check() {
  [[ $(uname) == Linux ]] || cannot 'a daemon is started on Linux alone'
  [[ $EUID -eq 0 ]] || cannot 'only root can start a daemon'
  command -v apt-get >/dev/null || cannot 'its packages come from apt, which is not on this machine'
  unshare --mount --pid --fork true 2>/dev/null || cannot 'this machine makes no namespaces'
}

# Unpacked into the cache and not installed: installing would start a daemon for the whole machine on many systems.
fetch_tools() {
  local part=$TOOLS.part package
  rm -rf "$TOOLS" "$part" && mkdir -p "$part/debs"
  apt-get update -qq
  # What is installed already is not downloaded; a missing library is.
  apt-get install -qq --download-only --no-install-recommends -o "Dir::Cache::archives=$part/debs" "${PACKAGES[@]}"
  for package in "$part"/debs/*.deb; do dpkg-deb --extract "$package" "$part"; done
  rm -rf "$part/debs"
  mv "$part" "$TOOLS"
}

use_tools() {
  PATH=$TOOLS/usr/sbin:$TOOLS/usr/bin:$TOOLS/sbin:$TOOLS/bin:$PATH:/usr/sbin:/sbin
  type dockerd debootstrap ip tini >/dev/null 2>&1 || step packages fetch_tools
  export LD_LIBRARY_PATH
  LD_LIBRARY_PATH=$(printf '%s:' "$TOOLS"/{usr/,}lib/*-linux-gnu)
  [[ ! -d $TOOLS/usr/share/debootstrap ]] || export DEBOOTSTRAP_DIR=$TOOLS/usr/share/debootstrap
}

# The daemon and all its containers live in a PID namespace: when its first process ends, so does everything in it. That process ends
# with this script, also when the script is killed. What the daemon keeps under /run is in a mount namespace, and is gone as well.
start_daemon() {
  export DOCKER_HOST=unix://$RUN/docker.sock DOCKER_BUILDKIT=0
  drop_bridge
  ip link add name "$BRIDGE" type bridge
  ip address add "$BRIDGE_ADDRESS" dev "$BRIDGE"
  ip link set "$BRIDGE" up
  # Images are never pulled: behind a proxy that refuses, a missing image is an error at once.
  HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 setpriv --pdeathsig KILL \
    unshare --mount --pid --mount-proc --fork --kill-child bash -c 'mount -t tmpfs tmpfs /run && exec tini -- "$@"' daemon \
    dockerd --host "$DOCKER_HOST" --data-root "$CACHE/data" --exec-root /run/docker --pidfile /run/docker.pid \
    --bridge "$BRIDGE" --iptables=false --ip-masq=false --ip-forward=false --log-level warn \
    >"$RUN/dockerd.log" 2>&1 9>&- </dev/null &
  namespace=$!
  local until=$((SECONDS + DAEMON_WITHIN_S))
  until docker version >/dev/null 2>&1; do
    if ! kill -0 "$namespace" 2>/dev/null || ((SECONDS > until)); then
      tail -n 40 "$RUN/dockerd.log"
      return 1
    fi
    sleep 0.2
  done
  # What a killed run left: stopped containers and their data.
  docker container prune --force >/dev/null
  docker volume prune --force >/dev/null
}

stop_daemon() {
  local first until=$((SECONDS + STOP_WITHIN_S))
  if [[ -n $namespace ]] && kill -0 "$namespace" 2>/dev/null; then
    read -ra first <<<"$(<"/proc/$namespace/task/$namespace/children")"
    kill -TERM "${first[@]}" 2>/dev/null || true
    while kill -0 "$namespace" 2>/dev/null && ((SECONDS < until)); do sleep 0.1; done
    kill -KILL "$namespace" 2>/dev/null || true
  fi
  drop_bridge
}

drop_bridge() { ip link delete "$BRIDGE" 2>/dev/null || true; }

hash_of() { cat "$@" | sha256sum | cut -c 1-16; }
version_of() { sed -n "s/^ *$1: '\(.*\)',/\1/p" "$HERE/../engines/src/versions.ts"; }

# Whether an image is there that was made of the same things.
is_made() { [[ $(docker image inspect --format '{{index .Config.Labels "threshold.inputs"}}' "$1" 2>/dev/null) == "$2" ]]; }

make_base() {
  local root=$BUILD/root mirror
  # shellcheck disable=SC2016 # apt's variable
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
  rm -rf "$root" && mkdir -p "$CACHE/debs"
  # In a mount namespace of its own: what debootstrap mounts in the tree goes with it, however this ends.
  unshare --mount debootstrap --variant=minbase --include="$BASE_PACKAGES" --cache-dir="$CACHE/debs" "$SUITE" "$root" "$mirror"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,locale,man}
  tar -C "$root" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
    docker import --change "LABEL threshold.inputs=$1" - "$BASE"
  rm -rf "$root"
}

make_cassandra() {
  local context=$BUILD/cassandra
  rm -rf "$context" && mkdir -p "$context/conf"
  mvn -q -B -ntp -C -f "$REQUIREMENTS/cassandra/pom.xml" dependency:copy-dependencies -DoutputDirectory="$context/lib" \
    -DincludeScope=runtime
  cp "$HERE"/cassandra/{Dockerfile,entrypoint.sh} "$context"
  cp "$REQUIREMENTS"/cassandra/{jvm17.options,logback.xml} "$HERE/cassandra/cassandra.yaml" "$context/conf"
  docker build --label "threshold.inputs=$2" --tag "$1" "$context"
  rm -rf "$context"
}

make_mongo() {
  local context=$BUILD/mongo
  rm -rf "$context" && mkdir -p "$context"
  # For the image's Python, whichever this machine has.
  python3 -m pip install --quiet --no-deps --no-compile --target "$context/secantus" --python-version 3.11 --only-binary :all: \
    --require-hashes --requirement "$REQUIREMENTS/secantusdb.txt"
  cp "$HERE"/mongo/{Dockerfile,entrypoint.py} "$context"
  docker build --label "threshold.inputs=$2" --tag "$1" "$context"
  rm -rf "$context"
}

make_images() {
  local base cassandra mongo cassandra_inputs mongo_inputs
  base=$(hash_of <(printf '%s %s\n' "$SUITE" "$BASE_PACKAGES"))
  cassandra=$(version_of cassandraImage)
  cassandra_inputs=$base-$(hash_of "$HERE"/cassandra/* "$REQUIREMENTS"/cassandra/*)
  mongo=$(version_of mongodbImage)
  mongo_inputs=$base-$(hash_of "$HERE"/mongo/* "$REQUIREMENTS/secantusdb.txt")
  is_made "$BASE" "$base" || step "the image $BASE" make_base "$base"
  is_made "$cassandra" "$cassandra_inputs" || step "the image $cassandra" make_cassandra "$cassandra" "$cassandra_inputs"
  is_made "$mongo" "$mongo_inputs" || step "the image $mongo" make_mongo "$mongo" "$mongo_inputs"
}

finish() {
  local code=$?
  trap '' INT TERM HUP QUIT
  if [[ -n $doing ]]; then
    say "$doing: failed or was ended (code $code)"
    tail -n 40 "$RUN/output"
  fi
  if [[ -n $command ]]; then
    kill -TERM "$command" 2>/dev/null || true
    wait "$command" || true
  fi
  stop_daemon
  rm -rf "$RUN" "$BUILD"
  exit "$code"
}

[[ $# -gt 0 ]] || { say 'which command?' && exit 2; }
check
mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
flock --timeout "$LOCK_WITHIN_S" 9 || { say "another run has used $CACHE for $LOCK_WITHIN_S s" && exit 1; }
RUN=$(mktemp -d /tmp/threshold-docker.XXXXXX)
trap finish EXIT
for signal in INT TERM HUP QUIT; do
  # shellcheck disable=SC2064 # the number is known now
  trap "exit $((128 + $(kill -l "$signal")))" "$signal"
done
use_tools
step 'the daemon' start_daemon
make_images
say "$(docker version --format 'Docker {{.Server.Version}}') on images of our own"
# Also when this script is killed, the command is asked to end.
setpriv --pdeathsig TERM env -u LD_LIBRARY_PATH "$@" 9>&- &
command=$!
wait "$command" && code=0 || code=$?
command=''
exit "$code"
