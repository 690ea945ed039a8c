import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const SHELL = /(^|\/)-?(ash|bash|busybox|dash|fish|ksh|sh|zsh)$/

/**
 * Closes the command when npm is killed. npm and npx start the launcher through a shell. When npm
 * is killed, neither the shell nor the launcher gets a signal, and the shell lives on. The launcher
 * therefore checks every process between itself and npm.
 */
export function closeWithNpm() {
  // A process with an IPC channel was started by another launcher, which does it.
  if (process.env.npm_lifecycle_event === undefined || process.connected) return
  const chain = ancestorsUpToNpm()
  const timer = setInterval(() => {
    if (process.ppid === chain[0] && chain.every(isAlive) && chain.every(hasSameParent)) return
    clearInterval(timer)
    // Commands that start processes listen to `disconnect`. All others end by the signal.
    if (!process.emit('disconnect')) process.kill(process.pid, 'SIGTERM')
  }, 250)
  timer.unref()
}

/** The parent and its ancestors, up to the first that is no shell: npm. */
function ancestorsUpToNpm() {
  const chain = [process.ppid]
  while (chain.length < 5) {
    const { parent, program } = readProcess(chain.at(-1))
    if (parent === undefined || !SHELL.test(program)) break
    chain.push(parent)
  }
  return chain
}

function hasSameParent(pid, index, chain) {
  const parent = chain[index + 1]
  // Other systems than Linux have no /proc, and would start a `ps` four times a second.
  return parent === undefined || process.platform !== 'linux' || readProcess(pid).parent === parent
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** The parent and the program of a process. Both are undefined if it has ended. */
function readProcess(pid) {
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
