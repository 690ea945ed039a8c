import { createHash } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { LauncherError } from './error.mjs'

/** An install takes a minute or two, and a quarter of an hour when a class shares a slow line. */
const WITHIN_MS = 30 * 60_000

/**
 * Runs `work` while no other process on this machine runs work of the same kind for the same
 * folder. Two installs into one folder would remove each other's files.
 *
 * The lock is a listening socket, because the system releases it however its holder ends. `work`
 * receives the socket's descriptor and passes it to the program that does the work. That program
 * may outlive this process, and then still holds the lock.
 */
export async function withLock(kind, folder, onWait, work) {
  const path = lockPath(`${kind}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
  const deadline = Date.now() + WITHIN_MS
  for (let announced = false; ; ) {
    const waiting = new Set()
    const server = createServer((socket) =>
      waiting.add(socket.unref().on('error', () => {})),
    ).unref()
    const listenError = await new Promise((resolve) =>
      server.once('error', resolve).listen(path, () => resolve(undefined)),
    )
    if (listenError === undefined) {
      try {
        return await work(server._handle?.fd)
      } finally {
        server.close()
        for (const socket of waiting) socket.destroy()
      }
    }
    if (listenError.code !== 'EADDRINUSE')
      throw new LauncherError(
        'NO_INSTALL_LOCK',
        `the lock for installing cannot be taken: ${listenError.message}`,
        'install by hand: npm ci',
      )
    const inode = inodeOf(path)
    const answered = await waitForClose(connect(path), deadline - Date.now(), () => {
      if (!announced) onWait()
      announced = true
    })
    if (Date.now() >= deadline)
      throw new LauncherError(
        'INSTALL_LOCKED',
        `another process has been installing for ${WITHIN_MS / 60_000} minutes`,
        'end it, or wait for it, then run the same command again',
      )
    // A socket file that no process answers on is stale, unless it has been replaced meanwhile.
    if (!answered && inode !== undefined && inode === inodeOf(path)) rmSync(path, { force: true })
  }
}

/**
 * Linux has abstract sockets, which leave no file behind and do not depend on TMPDIR. Other systems
 * get a socket file. Its path is short enough for a socket, and the same for all processes of this
 * user.
 */
const lockPath = (name) =>
  process.platform === 'linux'
    ? `\0threshold-${name}`
    : `/tmp/threshold-${process.getuid?.()}-${name}.sock`

function inodeOf(path) {
  if (path.startsWith('\0')) return undefined
  return statSync(path, { throwIfNoEntry: false })?.ino
}

/** Waits until the lock's holder closes the socket. Returns whether there was a holder at all. */
async function waitForClose(socket, timeoutMs, onConnect) {
  let answered = false
  socket.once('connect', () => {
    answered = true
    onConnect()
  })
  const timer = setTimeout(() => socket.destroy(), timeoutMs)
  await new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
  clearTimeout(timer)
  return answered
}
