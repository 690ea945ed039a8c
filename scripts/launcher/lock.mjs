import { createHash } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { Failure } from './failure.mjs'

/** An install takes a minute or two; a class on one slow line, a quarter of an hour. */
const WITHIN_MS = 30 * 60_000

/**
 * Runs `work` while no other process on this machine runs work for the same folder. Two installs
 * into one folder would each remove what the other writes.
 *
 * The lock is a socket that is listened on, because the system lets go of it however its holder
 * ends. `work` is given its descriptor, for the program that does the work: that may outlive this
 * process, and then still holds the lock.
 */
export async function withLock(kind, folder, onWait, work) {
  const path = lockPath(`${kind}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
  const until = Date.now() + WITHIN_MS
  for (let told = false; ; ) {
    const waiting = new Set()
    const server = createServer((socket) =>
      waiting.add(socket.unref().on('error', () => {})),
    ).unref()
    const refused = await new Promise((resolve) =>
      server.once('error', resolve).listen(path, () => resolve(undefined)),
    )
    if (refused === undefined) {
      try {
        return await work(server._handle?.fd)
      } finally {
        server.close()
        for (const socket of waiting) socket.destroy()
      }
    }
    if (refused.code !== 'EADDRINUSE')
      throw new Failure(
        'NO_INSTALL_LOCK',
        `the lock for installing cannot be taken: ${refused.message}`,
        'install by hand: npm ci',
      )
    const before = inodeOf(path)
    const answered = await waitFor(connect(path), until - Date.now(), () => {
      if (!told) onWait()
      told = true
    })
    if (Date.now() >= until) {
      const why = `another process has been installing for ${WITHIN_MS / 60_000} minutes`
      throw new Failure(
        'INSTALL_LOCKED',
        why,
        'end it, or wait for it, then run the same command again',
      )
    }
    // A file that no process answers at is left over. Unless another took its place meanwhile.
    if (!answered && before !== undefined && before === inodeOf(path)) rmSync(path, { force: true })
  }
}

/**
 * On Linux a name that is no file: nothing is left over, whatever TMPDIR says. Elsewhere a file of
 * this user's, at a path that is the same for all of the user's processes and short enough for a
 * socket.
 */
const lockPath = (name) =>
  process.platform === 'linux'
    ? `\0threshold-${name}`
    : `/tmp/threshold-${process.getuid?.()}-${name}.sock`

function inodeOf(path) {
  if (path.startsWith('\0')) return undefined
  return statSync(path, { throwIfNoEntry: false })?.ino
}

/** Until the other end closes or the time is over; false when there is no other end. */
async function waitFor(holder, withinMs, onConnect) {
  let answered = false
  holder.once('connect', () => {
    answered = true
    onConnect()
  })
  const late = setTimeout(() => holder.destroy(), withinMs)
  await new Promise((resolve) => holder.on('error', () => {}).once('close', resolve))
  clearTimeout(late)
  return answered
}
