#!/usr/bin/env node
// The launcher: what must work on a fresh clone, before anything is installed. Plain JavaScript, no dependency, Node 20 or newer.
// It sees to the dependencies, finds a Node that is new enough, and hands over to cli.ts. All it says goes to stderr, since
// stdout belongs to the command. Set THRESHOLD_DEBUG=1 to see stacks.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import { connect, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const SELF = fileURLToPath(import.meta.url)
const OLDEST = 20
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
const SHELL = /(^|\/)-?(ash|bash|busybox|dash|fish|ksh|sh|zsh)$/

class Failure extends Error {
  constructor(code, message, next) {
    super(message)
    this.code = code
    this.next = next
  }
}

try {
  const wanted = readFileSync(join(ROOT, '.node-version'), 'utf8').trim()
  if (major(process.versions.node) < OLDEST)
    throw new Failure(
      'NODE_TOO_OLD',
      `this is Node ${process.versions.node}; the launcher needs ${OLDEST}`,
      `install Node ${wanted}: https://nodejs.org`,
    )
  followParent()
  keepCompiled()
  await installDependencies()
  if (major(process.versions.node) >= major(wanted)) await import('./cli.ts')
  else await handOver(await findNode(wanted))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  say(`${error.code}: ${error.message}\n  → ${error.next}`)
  process.exitCode = 1
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
function major(version) {
  return Number.parseInt(version, 10)
}

/**
 * npm and npx start the launcher by way of a shell. When npm is killed, neither the shell nor the launcher gets a signal, and
 * the shell lives on: so the launcher looks at every process between itself and npm. When one is gone, the command closes.
 */
function followParent() {
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

/** What V8 compiled is kept for the next start, of ours and of all processes we start: a stage serves in half the time. */
function keepCompiled() {
  const { NODE_COMPILE_CACHE: given, THRESHOLD_CACHE: own, XDG_CACHE_HOME: caches } = process.env
  process.env.NODE_COMPILE_CACHE = given || join(own || join(caches || join(homedir(), '.cache'), 'threshold'), 'compile')
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE) // not in Node 20
}

/** Runs `npm ci` when what is installed is not what package-lock.json says. */
async function installDependencies() {
  if (whyNotInstalled() === undefined) return
  const unlock = await lockTree()
  try {
    // Whoever had the lock before may have done it.
    const why = whyNotInstalled()
    if (why !== undefined) await install(why)
  } finally {
    unlock()
  }
}

/**
 * Two that install into one tree at once, in two terminals, would each remove what the other writes. The lock is a socket that is
 * listened on, since that is let go of however its holder ends; a socket's file that nobody answers at is left over.
 */
async function lockTree() {
  const name = createHash('sha256').update(ROOT).digest('hex').slice(0, 16)
  const path = join(tmpdir(), `threshold-install-${name}.sock`)
  for (let told = false; ; ) {
    const waiting = new Set()
    const server = createServer((socket) => waiting.add(socket.unref().on('error', () => {}))).unref()
    const taken = await new Promise((resolve) => server.once('error', () => resolve(true)).listen(path, () => resolve(false)))
    if (!taken) {
      return () => {
        server.close()
        for (const socket of waiting) socket.destroy()
      }
    }
    const answered = await waitFor(connect(path), () => {
      if (!told) say('threshold: another process is installing the dependencies, waiting for it…')
      told = true
    })
    if (!answered) rmSync(path, { force: true })
  }
}

/** Until the other end closes; false when there is none. */
async function waitFor(holder, onConnect) {
  let answered = false
  holder.once('connect', () => {
    answered = true
    onConnect()
  })
  await new Promise((resolve) => holder.on('error', () => {}).once('close', resolve))
  return answered
}

async function install(why) {
  say(`threshold: ${why}; running npm ci, a minute or two…`)
  const started = Date.now()
  // npm's own bar is drawn on stderr; its summary on stdout would end up in somebody's JSON.
  const [command, ...args] = npm('ci', '--no-audit', '--no-fund', '--loglevel=error')
  const end = await run(command, args, { cwd: ROOT, stdio: ['ignore', process.stderr, process.stderr] })
  if (end.signal !== null) await endBy(end.signal)
  if (end.code !== 0)
    throw new Failure(
      'NPM_CI_FAILED',
      `npm ci ended with code ${end.code}`,
      'check the network (npm ping) and the disk (df -h .), then: npm ci',
    )
  const left = whyNotInstalled()
  if (left !== undefined) throw new Failure('NPM_CI_INCOMPLETE', `npm ci succeeded, and yet ${left}`, 'rm -rf node_modules && npm ci')
  say(`threshold: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/**
 * Compares package-lock.json with the lockfile that npm leaves in node_modules when, and only when, it has finished: so an
 * install that was cut off is seen, a changed lockfile too, and an `npm install` done by hand is not repeated.
 */
function whyNotInstalled() {
  const installed = readLock('node_modules/.package-lock.json')
  if (installed === undefined) return 'the dependencies are not installed yet'
  const wanted = readLock('package-lock.json')
  if (wanted === undefined) throw new Failure('NO_LOCKFILE', 'package-lock.json is missing or damaged', 'git checkout package-lock.json')
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/')) continue
    const found = installed[path]
    // Packages for other systems are in the lockfile and never on this disk.
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue
    const same = found !== undefined && found.version === entry.version && Boolean(found.link) === Boolean(entry.link)
    if (!same) return `${path.slice('node_modules/'.length)} is not installed as package-lock.json says`
  }
  return undefined
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** The npm that started us, or the one on PATH. */
function npm(...args) {
  const started = process.env.npm_execpath
  return started?.endsWith('npm-cli.js') && existsSync(started) ? [process.execPath, started, ...args] : ['npm', ...args]
}

/** The path of a Node of the wanted version, fetched from npm the first time and remembered beside the dependencies. */
async function findNode(wanted) {
  const note = join(ROOT, 'node_modules', '.cache', 'threshold', 'node.json')
  const known = remembered(note)
  if (known !== undefined && versionOf(known) === wanted) return known
  say(`threshold: this is Node ${process.versions.node}; getting ${wanted} from npm, once…`)
  const [command, ...args] = npm('exec', '--yes', `--package=node@${wanted}`, '--', 'node', '-p', 'process.execPath')
  let output = ''
  const end = await run(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', process.stderr] }, (child) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  })
  if (end.signal !== null) await endBy(end.signal)
  const path = output.trim().split('\n').at(-1) ?? ''
  const got = versionOf(path)
  if (got !== wanted) {
    const why = end.code === 0 ? `npm's package gave ${got ?? 'nothing'}` : `npm exec ended with code ${end.code}`
    throw new Failure(
      'NO_NODE',
      `Node ${wanted} is needed and could not be fetched: ${why}`,
      `check the network (npm ping), or install Node ${wanted}: https://nodejs.org`,
    )
  }
  mkdirSync(dirname(note), { recursive: true })
  writeFileSync(note, `${JSON.stringify({ v: 1, path })}\n`)
  return path
}

function remembered(note) {
  try {
    return JSON.parse(readFileSync(note, 'utf8')).path
  } catch {
    return undefined
  }
}

/** Undefined too where the file is gone, or made for another machine than this. */
function versionOf(node) {
  const { status, stdout } = spawnSync(node || 'none', ['-p', 'process.versions.node'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/**
 * Starts again under the right Node, and from then on only passes on signals one way and the exit code the other. The
 * channel is there for the case that this process is killed: it closes, and the command line on its other end closes down.
 */
async function handOver(node) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  const end = await run(node, [SELF, ...process.argv.slice(2)], { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  if (end.signal !== null) await endBy(end.signal)
  process.exitCode = end.code ?? 1
}

/** Ends as the child did, so that whoever waits for us sees the same. */
async function endBy(signal) {
  process.kill(process.pid, signal)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}

/** Waits for a child, passing on what this process is told. */
async function run(command, args, options, onStart = () => {}) {
  const child = spawn(command, args, options)
  const pass = SIGNALS.map((signal) => [signal, () => child.kill(signal)])
  // npm is gone. The command line closes when its channel does, once, however many signals came before.
  pass.push(['disconnect', () => (child.connected ? child.disconnect() : child.kill('SIGTERM'))])
  for (const [signal, listener] of pass) process.on(signal, listener)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) =>
        reject(new Failure('CANNOT_START', `${command}: ${error.message}`, 'install Node with npm: https://nodejs.org')),
      )
      child.once('close', (code, signal) => resolve({ code, signal }))
      onStart(child)
    })
  } finally {
    for (const [signal, listener] of pass) process.off(signal, listener)
  }
}
