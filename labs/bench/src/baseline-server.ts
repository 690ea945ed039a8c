import { createServer as createHttp, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import { Server as SocketIo } from 'socket.io'
import { WebSocketServer } from 'ws'

/*
 * The servers that stage 1's gateway is compared with, each in its simplest correct form. A POST
 * with `{content}` sends an event of the size and shape of a MESSAGE_CREATE to all sockets. These
 * servers have no database, tokens or permissions. They do less work than a gateway must, and the
 * report says so.
 */
const event = (content: string): object => ({
  id: '1575143389769236480',
  type: 0,
  channel_id: '1575143389769236481',
  guild_id: '1575143389769236482',
  author: {
    id: '1575143389769236483',
    username: 'sender',
    discriminator: '0',
    global_name: null,
    avatar: null,
    bot: true,
  },
  member: {
    nick: null,
    roles: [],
    joined_at: '2026-01-01T00:00:00.000Z',
    deaf: false,
    mute: false,
    flags: 0,
  },
  content,
  timestamp: '2026-01-01T00:00:00.000000+00:00',
  edited_timestamp: null,
  tts: false,
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: [],
  embeds: [],
  components: [],
  pinned: false,
  flags: 0,
})

/** Sends an event to all sockets. */
type Broadcast = (content: string) => void

function wsServer(http: Server): Broadcast {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  server.on('connection', (socket) => socket.send('ready'))
  return (content) => {
    const text = JSON.stringify({ t: 'MESSAGE_CREATE', s: 1, op: 0, d: event(content) })
    for (const socket of server.clients) socket.send(text)
  }
}

function socketIoServer(http: Server): Broadcast {
  const server = new SocketIo(http, {
    transports: ['websocket'],
    perMessageDeflate: false,
    serveClient: false,
  })
  server.on('connection', (socket) => {
    socket.join('guild')
    socket.emit('ready')
  })
  return (content) => server.to('guild').emit('MESSAGE_CREATE', event(content))
}

async function tcpServer(): Promise<{ broadcast: Broadcast; port: number }> {
  const sockets = new Set<Socket>()
  const server = createTcp((socket) => {
    sockets.add(socket.setNoDelay(true))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.write('ready\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1_024, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    broadcast(content) {
      const line = Buffer.from(
        `${JSON.stringify({ t: 'MESSAGE_CREATE', s: 1, op: 0, d: event(content) })}\n`,
      )
      for (const socket of sockets) socket.write(line)
    },
  }
}

const kind = process.argv[2]
let broadcast: Broadcast = () => {}
const http = createHttp((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    broadcast((JSON.parse(Buffer.concat(chunks).toString()) as { content: string }).content)
    response.end()
  })
})
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', 1_024, resolve))
const { port } = http.address() as AddressInfo
let sockets = port
if (kind === 'ws') broadcast = wsServer(http)
else if (kind === 'socket.io') broadcast = socketIoServer(http)
else {
  const tcp = await tcpServer()
  broadcast = tcp.broadcast
  sockets = tcp.port
}
process.stdout.write(`ready ${port} ${sockets}\n`)
