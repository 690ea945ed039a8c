#!/bin/bash
# Supports the variables of the official image that Threshold uses: MAX_HEAP_SIZE, the CASSANDRA_*
# settings of cassandra.yaml, and JVM_EXTRA_OPTS after all other flags. The collector is G1, as in
# Cassandra 5's own options.
set -euo pipefail
[[ $1 == cassandra ]] || exec "$@"

yaml=$CASSANDRA_CONF/cassandra.yaml
: "${CASSANDRA_LISTEN_ADDRESS:=$(hostname -i | cut -d ' ' -f 1)}" "${CASSANDRA_RPC_ADDRESS:=0.0.0.0}"
: "${CASSANDRA_BROADCAST_ADDRESS:=$CASSANDRA_LISTEN_ADDRESS}" "${CASSANDRA_SEEDS:=$CASSANDRA_BROADCAST_ADDRESS}"
: "${CASSANDRA_BROADCAST_RPC_ADDRESS:=$CASSANDRA_BROADCAST_ADDRESS}"
sed -i "s/- seeds: .*/- seeds: $CASSANDRA_SEEDS/" "$yaml"
for name in listen_address rpc_address broadcast_address broadcast_rpc_address cluster_name \
  endpoint_snitch num_tokens; do
  variable=CASSANDRA_${name^^}
  [[ -z ${!variable:-} ]] || sed -i "s|^$name: .*|$name: ${!variable}|" "$yaml"
done

# The order is that of cassandra-env.sh and jvm17-server.options.
readarray -t flags < <(grep '^-' "$CASSANDRA_CONF/jvm17.options")
flags+=(
  -XX:+UseG1GC -XX:+ParallelRefProcEnabled -XX:MaxTenuringThreshold=1 -XX:G1HeapRegionSize=16m
  -XX:MaxGCPauseMillis=300 -XX:InitiatingHeapOccupancyPercent=70 -XX:+HeapDumpOnOutOfMemoryError
  -XX:+AlwaysPreTouch -Xss256k
  "-Xms${MAX_HEAP_SIZE:-1G}" "-Xmx${MAX_HEAP_SIZE:-1G}"
  "-javaagent:$CASSANDRA_HOME/lib/jamm-0.4.0.jar"
  # Cassandra closes its standard output unless it runs in the foreground.
  -Dcassandra-foreground=yes
  -Dcassandra.jmx.local.port=7199 "-Dcassandra.config=file://$yaml"
  -Dcassandra.storagedir=/var/lib/cassandra -Dcassandra.logdir=/var/log/cassandra
  "-Dlogback.configurationFile=$CASSANDRA_CONF/logback.xml"
)
read -ra extra <<<"${JVM_EXTRA_OPTS:-}"
chown -R cassandra:cassandra /var/lib/cassandra /var/log/cassandra "$CASSANDRA_CONF"
exec setpriv --reuid=cassandra --regid=cassandra --clear-groups \
  java "${flags[@]}" "${extra[@]}" \
  -cp "$CASSANDRA_CONF:$CASSANDRA_HOME/lib/*" org.apache.cassandra.service.CassandraDaemon
