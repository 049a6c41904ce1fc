// Where the figures come from.
import fs from 'node:fs'
import os from 'node:os'
import { CLOCK } from './meter.js'

const PACKAGES = ['pino', 'thread-stream', 'pino-abstract-transport', 'sonic-boom', 'pino-roll', 'rotating-file-stream', 'winston', 'winston-daily-rotate-file', 'pino-loki', 'pino-http-send', 'hyparquet-writer', 'parquetjs-lite', '@duckdb/node-api', 'fastify', 'autocannon']

export function machine () {
  const cpus = os.cpus()
  return {
    cpu: `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 1024 ** 3)} GiB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    clock: CLOCK,
    packages: Object.fromEntries(PACKAGES.map(name => [name, versionOf(name)])),
    blackbox: version(new URL('../package.json', import.meta.url)),
    date: new Date().toISOString().slice(0, 10)
  }
}

/** Some are needed by the tests, too. */
const versionOf = name => version(['peers', '..'].map(dir => new URL(`${dir}/node_modules/${name}/package.json`, import.meta.url)).find(url => fs.existsSync(url)))
const version = url => JSON.parse(fs.readFileSync(url, 'utf8')).version
