// Preloaded into node and its child processes. It rejects every attempt to reach another machine,
// and writes it to a file. A build that needs a network would fail in a classroom.
const { appendFileSync } = require('node:fs')
const dns = require('node:dns')
const net = require('node:net')

const log = process.env.THRESHOLD_CONNECTIONS
const LOCAL = new Set(['127.0.0.1', '::1', 'localhost', undefined])

function reject(address) {
  appendFileSync(log, `${address}\n`)
  throw new Error(`this process must not use the network; it tried to reach ${address}`)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  const { host, port } =
    typeof options === 'object' && options !== null ? options : { port: options, host: args[1] }
  // A path names a local socket, and has no host.
  if (LOCAL.has(host)) return connect.apply(this, args)
  return reject(`${host}:${port}`)
}
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  for (const owner of [dns, dns.promises]) {
    const original = owner[name]
    owner[name] = (host, ...rest) =>
      LOCAL.has(host) ? original.call(owner, host, ...rest) : reject(host)
  }
}
