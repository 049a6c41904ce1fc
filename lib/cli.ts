#!/usr/bin/env node
// The command. Each verb has its code elsewhere; here is what users can say to it. The only importer of commander.
import fs from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parseDuration, parseSize } from './config/units.js'
import { OptionError, reason } from './errors.js'
import type { ConvertOptions } from './operate/convert.js'
import type { ListOptions } from './operate/list.js'
import type { PruneOptions } from './operate/prune.js'
import type { RecoverOptions } from './operate/recover.js'
import type { ReplayOptions } from './operate/replay.js'
import type { VerifyOptions } from './operate/verify.js'
import { view, type ViewOptions } from './view/view.js'

const USAGE = 2

const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

// Whoever reads may have read enough (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`pino-blackbox: ${error.message}\n`)
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const program = new Command('pino-blackbox')
  .description('The black box of a Node service.')
  .version(version)
  .exitOverride()

program.command('view')
  .description('Shows a dump: what failed and why, the log lines of the request, and the circumstances.')
  .argument('[dump...]', 'files that the dumper has written, or any log of JSON lines; - is the standard input')
  .option('--html [file]', 'write it as a page that needs nothing else, and print the path of that (default: <dump>.html)')
  .addOption(new Option('--log', 'print the log lines alone, as JSON, for jq or pino-pretty').conflicts('html'))
  .action(async (given: string[], options: ViewOptions, command: Command) => {
    // `view --html dump.json` means the dump: a page could not be made of nothing.
    const [paths, html] = given.length === 0 && typeof options.html === 'string' ? [[options.html], true as const] : [given, options.html]
    if (paths.length === 0) command.error("error: missing required argument 'dump'")
    if (typeof html === 'string' && paths.length > 1) command.error('error: one page for several dumps; leave out its name')
    if (html === true && paths.includes('-')) command.error('error: the standard input has no name; say --html <file>')
    process.exitCode = await view(paths, { ...options, ...html !== undefined && { html } })
  })

const json = (): Option => new Option('--json', 'one JSON document instead of text')
const dateFormat = (): Option => new Option('--date-format <format>', '`dateFormat` of logs whose names have dates in another format than the usual ones')

program.command('ls')
  .description('Lists what is below some paths: logs, journals, datasets and dumps, with their writers, and what waits there.')
  .argument('[path...]', 'directories, or logs as the option `file` names them (default: .)')
  .option('--no-count', 'do not read logs to count their records')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nExample: pino-blackbox ls ./logs ./.blackbox')
  .action(async (paths: string[], options: ListOptions) => { process.exitCode = await (await import('./operate/list.js')).list(paths, options) })

program.command('verify')
  .description('Reads logs, journals, datasets and dumps whole and tells each damage: file, place, what was expected and what is there.')
  .argument('<path...>', 'directories, files, or logs as the option `file` names them')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nExit code: 0 no damage, 1 damage.\nExample: pino-blackbox verify ./logs ./.blackbox')
  .action(async (paths: string[], options: VerifyOptions) => { process.exitCode = await (await import('./operate/verify.js')).verify(paths, options) })

/** Options of the parquet output, under their names; `columns` one by one. */
const columns = (given: string, before: Record<string, unknown> = {}): Record<string, unknown> => {
  const [, path, name, type] = /^(.+)=(?:([^:]*):)?([^:=]+)$/.exec(given) ?? []
  if (path === undefined) throw new InvalidArgumentError('Expected <path>=<type> or <path>=<name>:<type>.')
  return { ...before, [path]: name === undefined ? type : { name, type } }
}
const number = (text: string): string | number => /^\d+$/.test(text) ? Number(text) : text
const PARQUET = [
  new Option('--partition <by>', 'day or hour'),
  new Option('--columns <path=[name:]type>', 'a column of its own for a field; may be repeated').argParser(columns),
  new Option('--size <size>', 'bytes of a file, about').argParser(number),
  new Option('--codec <codec>', 'zstd, snappy, gzip or none'),
  new Option('--compress-level <level>', 'level of the codec').argParser(number),
  new Option('--row-group-rows <rows>', 'rows of a row group, at most').argParser(number),
  new Option('--engine <engine>', 'hyparquet or parquetjs-lite')
]
const parquetOptions = (options: Record<string, unknown>) => {
  const names = ['dir', ...PARQUET.map(option => option.attributeName())]
  return Object.fromEntries(names.filter(name => options[name] !== undefined).map(name => [name, options[name]]))
}

const recovery = program.command('recover')
  .description('Does by hand what the next start of the application would do with what dead processes left: cuts unfinished lines (and keeps them beside, as <name>.damaged), puts journals in order, publishes what was meant for a dataset.')
  .argument('<path...>', 'directories, or logs as the option `file` names them')
  .option('--dry-run', 'only tell what would be done')
  .option('--dir <dir>', 'the dataset, where its journal does not say it')
for (const option of PARQUET) recovery.addOption(option)
recovery.addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nThe options of a dataset stand in its journal; here they are for one that has lost them.\nExample: pino-blackbox recover ./logs ./.blackbox --dry-run')
  .action(async (paths: string[], options: RecoverOptions) => { process.exitCode = await (await import('./operate/recover.js')).recover(paths, { ...options, dataset: parquetOptions({ ...options }) }) })

/** A positive amount, as the option `limit` of the outputs takes it. */
const amount = (parse: (text: string) => number | undefined, expected: string) => (text: string): number => {
  const value = parse(text)
  if (value === undefined || value < 1) throw new InvalidArgumentError(`Expected ${expected}.`)
  return value
}

program.command('prune')
  .description('Removes the oldest files of logs, datasets, dumps and dead letters beyond a limit. Files that are being written, and those of others, are never touched.')
  .argument('<path...>', 'directories, or logs as the option `file` names them')
  .addOption(new Option('--count <files>', 'files that are kept, of each log, dataset and so on').argParser(amount(text => /^\d+$/.test(text) ? Number(text) : undefined, 'a positive integer')))
  .addOption(new Option('--age <duration>', 'files last written longer ago are removed').argParser(amount(text => parseDuration(/^\d+$/.test(text) ? Number(text) : text), "a duration such as '15m' or '7d', or milliseconds")))
  .addOption(new Option('--total-size <size>', 'bytes that all files may take together, of each').argParser(amount(text => parseSize(text), "a size such as '512k' or '1g', or bytes")))
  .option('--dry-run', 'only tell what would be removed')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nExample: pino-blackbox prune ./logs --age 30d --total-size 10g --dry-run')
  .action(async (paths: string[], { count, age, totalSize, ...options }: Omit<PruneOptions, 'limit'> & PruneOptions['limit'], command: Command) => {
    if (count === undefined && age === undefined && totalSize === undefined) command.error('error: nothing is too much without --count, --age or --total-size')
    process.exitCode = await (await import('./operate/prune.js')).prune(paths, { ...options, limit: { count, age, totalSize } })
  })

/** Options of the http output. A secret is named, never given: whoever lists processes would see it. */
const secretOf = (env?: string, file?: string) => env !== undefined ? { env } : file !== undefined ? { file } : undefined
const header = (given: string, before: Record<string, string> = {}): Record<string, string> => {
  const [, name, value] = /^([^:]+):\s*(.*)$/.exec(given) ?? []
  if (name === undefined) throw new InvalidArgumentError('Expected <name>: <value>.')
  return { ...before, [name]: value! }
}
const httpOptions = (o: Record<string, string | undefined>): Record<string, unknown> => {
  const bearer = secretOf(o.authBearerEnv, o.authBearerFile)
  const password = secretOf(o.authBasicPasswordEnv, o.authBasicPasswordFile)
  const value = secretOf(o.authHeaderValueEnv, o.authHeaderValueFile)
  const basic = (o.authBasicUsername !== undefined || password) && { username: o.authBasicUsername, password }
  const own = (o.authHeaderName !== undefined || value) && { name: o.authHeaderName, value }
  const auth = { ...bearer && { bearer }, ...basic && { basic }, ...own && { header: own } }
  const { url, method, format, timeout, connectTimeout } = o
  const given = { url, method, format, timeout, connectTimeout, headers: o.header, compress: o.compress === 'false' ? false : o.compress, auth: Object.keys(auth).length > 0 ? auth : undefined }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

program.command('replay')
  .description('Sends again what dead processes left in a journal, dead letters, or logs: to a receiver, under the same keys, or into a file. What was delivered is removed from journals and dead letters; logs stay.')
  .argument('<path...>', 'journals, `dead` directories or files in them, logs, or any files of JSON lines')
  .option('--url <url>', 'the receiver, as the option `url` of the http output')
  .option('--method <method>', 'POST, PUT or PATCH').option('--header <name: value>', 'a further header; may be repeated', header)
  .option('--format <format>', 'ndjson, json or a module').option('--compress <codec>', 'gzip, zstd or false')
  .option('--timeout <duration>', 'for a request').option('--connect-timeout <duration>', 'for the connection')
  .option('--auth-bearer-env <name>', 'variable with the token').option('--auth-bearer-file <path>', 'file with the token')
  .option('--auth-basic-username <name>').option('--auth-basic-password-env <name>').option('--auth-basic-password-file <path>')
  .option('--auth-header-name <name>').option('--auth-header-value-env <name>').option('--auth-header-value-file <path>')
  .addOption(new Option('--to-jsonl <file>', 'into a new file instead').conflicts('url'))
  .option('--keep', 'remove nothing')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nThe environment is read as by the output (PINO_BLACKBOX_HTTP_URL and so on).\nExample: pino-blackbox replay ./.blackbox/http-shop/dead --url https://logs.example/ingest --auth-bearer-env LOG_TOKEN')
  .action(async (paths: string[], options: ReplayOptions & Record<string, string | undefined>) => {
    process.exitCode = await (await import('./operate/replay.js')).replay(paths, { ...options, http: httpOptions(options) })
  })

const conversion = program.command('convert')
  .description('Makes a dataset of Parquet files of logs, or lines of a dataset. As many records come out as go in; if not, it says so.')
  .argument('<in...>', 'files of JSON lines (.gz and .zst too), logs, Parquet files, datasets; - is the standard input')
  .addOption(new Option('--to <format>', 'what to make').choices(['parquet', 'jsonl']).makeOptionMandatory())
  .option('--dir <dir>', 'directory of the dataset, with --to parquet').option('--file <file>', 'a new file, with --to jsonl (default: the standard output)')
for (const option of PARQUET) conversion.addOption(option)
conversion.addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nExample: pino-blackbox convert ./logs/app --to parquet --dir ./logs/parquet --columns req.method=string')
  .action(async (paths: string[], options: ConvertOptions & { dir?: string }, command: Command) => {
    if (options.to === 'parquet' ? options.file !== undefined : options.dir !== undefined) command.error('error: --to parquet has a --dir, --to jsonl a --file')
    process.exitCode = await (await import('./operate/convert.js')).convert(paths, { ...options, parquet: parquetOptions({ ...options }) })
  })

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE
  else {
    process.stderr.write(`pino-blackbox: ${reason(error)}\n`)
    process.exitCode = error instanceof OptionError ? USAGE : 1
  }
})
