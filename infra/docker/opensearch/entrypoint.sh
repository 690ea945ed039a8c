#!/bin/bash
# Supports the variables of the official image that Threshold uses: OPENSEARCH_JAVA_OPTS, and the
# settings whose names have a dot. There is no security plugin to disable.
set -euo pipefail
[[ $1 == opensearch ]] || exec "$@"

settings=(-Enetwork.host=0.0.0.0)
while IFS= read -r -d '' variable; do
  [[ $variable =~ ^[a-z_]+(\.[a-z_]+)+= ]] && settings+=("-E$variable")
done </proc/self/environ
read -ra options <<<"${OPENSEARCH_JAVA_OPTS:-}"
exec java -XX:+UseSerialGC -Djava.security.manager=allow "${options[@]}" \
  -Dopensearch.path.home="$PWD" -Dopensearch.path.conf="$PWD/config" \
  -Dopensearch.distribution.type=docker -Dlog4j2.disable.jmx=true \
  -cp 'lib/*' org.opensearch.bootstrap.OpenSearch "${settings[@]}"
