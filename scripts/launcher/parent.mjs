import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const SHELL = /(^|\/)-?(ash|bash|busybox|dash|fish|ksh|sh|zsh)$/

/**
 * npm and npx start the launcher by way of a shell. When npm is killed, neither the shell nor the
 * launcher gets a signal, and the shell lives on: so the launcher looks at every process between
 * itself and npm. When one is gone, the command closes.
 */
export function followParent() {
  // With a channel, the launcher above does this.
  if (process.env.npm_lifecycle_event === undefined || process.connected) return
  const chain = ancestorsUpToNpm()
  const timer = setInterval(() => {
    if (process.ppid === chain[0] && chain.every(isAlive) && chain.every(hasSameParent)) return
    clearInterval(timer)
    // A command that holds something listens to `disconnect`; everything else ends by the signal.
    if (!process.emit('disconnect')) process.kill(process.pid, 'SIGTERM')
  }, 250)
  timer.unref()
}

/** The parent, and the parents above it up to the first that is no shell: npm. */
function ancestorsUpToNpm() {
  const chain = [process.ppid]
  while (chain.length < 5) {
    const { parent, program } = look(chain.at(-1))
    if (parent === undefined || !SHELL.test(program)) break
    chain.push(parent)
  }
  return chain
}

function hasSameParent(pid, index, chain) {
  const above = chain[index + 1]
  // Elsewhere than on Linux each look would start a `ps`.
  return above === undefined || process.platform !== 'linux' || look(pid).parent === above
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** The parent and the program of a process; neither of one that is gone. */
function look(pid) {
  try {
    const line =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^\d+ \((.*)\) \S (\d+) .*/s, '$2 $1')
        : spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout
    const [, parent, program] = /^\s*(\d+) (.*?)\s*$/.exec(line) ?? []
    return { parent: parent && Number(parent), program }
  } catch {
    return {}
  }
}
