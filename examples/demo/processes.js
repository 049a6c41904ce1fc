// The other processes of the demo. They end when this one does, whatever happens to it.
import { fork } from 'node:child_process'
import net from 'node:net'
import { fileURLToPath } from 'node:url'

/** ms for what may take a while, and has to come. */
export const PATIENCE = 30_000
/** Whatever proxy there is for others: nothing of the demo leaves the machine. */
const DIRECT = { ...process.env, no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' }
/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/**
 * @typedef {object} Program
 * @property {import('node:child_process').ChildProcess} child
 * @property {{ code: number | null, signal: string | null } | undefined} ended
 * @property {Promise<{ code: number | null, signal: string | null }>} exited
 * @property {Promise<void>} closed everything that it wrote has been read
 * @property {string} stderr
 */

/**
 * @param {string} name of a file in examples/
 * @param {object} options
 * @param {{ stdin?: 'ignore' | 'inherit', onStdout?: (piece: Buffer) => void, onMessage?: (message: any) => void }} handlers
 * @returns {Program}
 */
export function start (name, options, { stdin = 'ignore', onStdout = () => {}, onMessage = () => {} }) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url))
  const child = fork(path, [JSON.stringify(options)], { env: DIRECT, stdio: [stdin, 'pipe', 'pipe', 'ipc'] })
  running.add(child)
  /** @type {Program} */
  const program = {
    child,
    ended: undefined,
    stderr: '',
    exited: new Promise(resolve => child.once('exit', (code, signal) => {
      running.delete(child)
      program.ended = { code, signal }
      resolve(program.ended)
    })),
    closed: new Promise(resolve => child.once('close', () => resolve()))
  }
  child.stdout?.on('data', onStdout)
  child.stderr?.on('data', piece => { program.stderr += piece })
  child.on('message', onMessage)
  return program
}

/**
 * The first message for which `isIt` is true. Rejects when the program ends before.
 *
 * @param {Program} program
 * @param {(message: any) => boolean} isIt
 * @param {string} what
 * @returns {Promise<any>}
 */
export async function heard (program, isIt, what) {
  const { child } = program
  /** @type {(message: any) => void} */
  let listener = () => {}
  const said = new Promise(resolve => {
    listener = message => { if (isIt(message)) resolve(message) }
    child.on('message', listener)
  })
  const over = program.closed.then(() => program.exited).then(({ code, signal }) => {
    throw new Error(`${what}: the process ended before (${signal ?? `code ${code}`})\n${program.stderr}`)
  })
  over.catch(() => {})
  try {
    return await Promise.race([said, over])
  } finally {
    child.off('message', listener)
  }
}

/**
 * Rejects after half a minute.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
export async function inTime (promise, what) {
  let timer
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE / 1000} s`)), PATIENCE)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export function killAll () {
  for (const child of running) child.kill('SIGKILL')
}

/** Below the ports that the system gives to outgoing connections: one of those could connect to itself while the shop is down. */
const LOWEST = 20_000
const PORTS = 10_000

/** @returns {Promise<number>} */
export async function freePort () {
  for (let tries = 0; tries < 100; tries++) {
    const port = LOWEST + Math.floor(Math.random() * PORTS)
    const server = net.createServer()
    const free = await new Promise(resolve => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error('no free port found')
}
