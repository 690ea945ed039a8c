// Preloaded into a build: whatever it tries to reach is written down, and refused. A build that needs a network fails in a classroom.
const { appendFileSync } = require('node:fs')
const dns = require('node:dns')
const net = require('node:net')

const log = process.env.THRESHOLD_CONNECTIONS

function refuse(what) {
  appendFileSync(log, `${what}\n`)
  throw new Error(`this build must not use the network, and tried to reach ${what}`)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  // A path is a pipe of this machine.
  if (typeof options === 'object' && options !== null && options.path !== undefined) return connect.apply(this, args)
  refuse(typeof options === 'object' && options !== null ? `${options.host ?? 'localhost'}:${options.port}` : String(options))
}
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  dns[name] = (host) => refuse(host)
  dns.promises[name] = (host) => refuse(host)
}
