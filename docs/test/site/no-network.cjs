// Preloaded into node and all that it starts: an attempt to reach another machine is written down,
// and refused. A build that needs a network fails in a classroom.
const { appendFileSync } = require('node:fs')
const dns = require('node:dns')
const net = require('node:net')

const log = process.env.THRESHOLD_CONNECTIONS
const HERE = new Set(['127.0.0.1', '::1', 'localhost', undefined])

function refuse(what) {
  appendFileSync(log, `${what}\n`)
  throw new Error(`the network is not to be used here; somebody tried to reach ${what}`)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  const { host, port } =
    typeof options === 'object' && options !== null ? options : { port: options, host: args[1] }
  // A path is a pipe of this machine, and has no host.
  if (HERE.has(host)) return connect.apply(this, args)
  return refuse(`${host}:${port}`)
}
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  for (const owner of [dns, dns.promises]) {
    const original = owner[name]
    owner[name] = (host, ...rest) =>
      HERE.has(host) ? original.call(owner, host, ...rest) : refuse(host)
  }
}
