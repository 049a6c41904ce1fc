// D6, the dumper: what TypeScript must accept and refuse. Only compiled (tsc -p tsconfig.test.json), never run.
import pino from 'pino'
import Fastify from 'fastify'
import { Readable } from 'node:stream'
import { BlackboxError, createDumper, DEFAULTS, dumper, DumpError, type DefaultDumper, type Dumper, type DumperOptions, type DumpResult } from 'pino-blackbox'

const log = pino()
const own: Dumper = createDumper()
createDumper({})
createDumper({
  enabled: true,
  dumpPath: './dumps',
  maxSize: '100m',
  maxAge: '24h',
  maxBackups: 10,
  pretty: false,
  redact: ['user.email'],
  deny: ['iban'],
  headers: ['x-tenant'],
  body: '4k',
  limits: { depth: 16, breadth: 1000, string: 16_384, bytes: '1m', time: 50 },
  rate: { perKey: 10, total: 60 },
  logger: log
})
createDumper({ maxSize: 100, maxAge: 5000, body: false, rate: false, redact: { paths: ['a'], censor: '***', remove: false }, logger: Fastify().log })
createDumper({ rate: { total: 5 }, limits: {}, logger: { warn: (details: object, message: string) => { console.error(details, message) } } })
const options: DumperOptions = { enabled: true, logger: log.child({ part: 'dumper' }) }
// @ts-expect-error a flag is no text
createDumper({ enabled: 'true' })
// @ts-expect-error an unknown option
createDumper({ dump_path: './dumps' })
// @ts-expect-error a path is a text
createDumper({ dumpPath: new URL('file:///dumps') })
// @ts-expect-error a number of files is a number
createDumper({ maxBackups: '10' })
// @ts-expect-error a list of names is an array
createDumper({ deny: 'iban' })
// @ts-expect-error true is no size
createDumper({ body: true })
// @ts-expect-error an unknown limit
createDumper({ limits: { size: 5 } })
// @ts-expect-error true is no rate
createDumper({ rate: true })
// @ts-expect-error an unknown part of the rate
createDumper({ rate: { perMinute: 5 } })
// @ts-expect-error a logger can warn
createDumper({ logger: { info: () => {} } })
// @ts-expect-error options are an object
createDumper('./dumps')

const enabled: boolean = own.enabled
const dumpPath: string = own.dumpPath
// @ts-expect-error it cannot be switched
own.enabled = true
const results: Array<Promise<DumpResult>> = [
  own.dumpStruct({ a: 1 }), own.dumpStruct(undefined, 'name'), own.dumpStruct(new Map(), 'name'),
  own.dumpStreamEvents([1, 2]), own.dumpStreamEvents(new Set(['a']), 'name'), own.dumpStreamEvents(Readable.from([])), own.dumpStreamEvents((async function * () { yield 1 })()),
  own.dumpBytes(Buffer.from('a')), own.dumpBytes(new Uint8Array(5).buffer, 'name'), own.dumpBytes('text')
]
// @ts-expect-error a name is a text
own.dumpStruct({}, 5)
// @ts-expect-error an object is no source of events
own.dumpStreamEvents({ a: 1 })
// @ts-expect-error neither are bytes to be had from a number
own.dumpBytes(5)
// @ts-expect-error what adapters need is not for applications
own.admit('key')
const closed: Promise<void> = own.close()

async function look (): Promise<string | undefined> {
  const result = await own.dumpStruct({})
  // @ts-expect-error whether there is a path has to be asked
  const early: string = result.path
  if (!result.ok) {
    const error: DumpError = result.error
    const base: BlackboxError = error
    // @ts-expect-error without a file there is no path
    return result.path ?? base.code ?? early
  }
  if (result.path === undefined) return undefined
  const truncated: boolean = result.truncated
  return truncated ? result.path : undefined
}

const exported: DefaultDumper = dumper
const asAny: Dumper = dumper
dumper.configure()
dumper.configure(options)
// @ts-expect-error an unknown option
dumper.configure({ path: './dumps' })
// @ts-expect-error only the exported one can be configured again
own.configure({})
// @ts-expect-error the defaults cannot be replaced
DEFAULTS.dumper = {}

export { enabled, dumpPath, results, closed, look, exported, asAny }
