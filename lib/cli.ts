#!/usr/bin/env node
// The command. Each verb has its code elsewhere, loaded when it is asked for; here is what users can say to it. The only importer of commander.
import fs from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parseDuration, parseSize } from './config/units.js'
import { OptionError, reason } from './errors.js'
import type { ConvertOptions } from './operate/convert.js'
import type { Flag } from './operate/flags.js'
import type { ListOptions } from './operate/list.js'
import type { PipeOptions } from './operate/pipe.js'
import type { PruneOptions } from './operate/prune.js'
import type { RecoverOptions } from './operate/recover.js'
import type { ReplayOptions } from './operate/replay.js'
import type { TailOptions } from './operate/tail.js'
import type { VerifyOptions } from './operate/verify.js'
import type { OutputName } from './targets.js'
import type { ViewOptions } from './view/view.js'

const USAGE = 2

const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

// Whoever reads may have read enough (`| head`).
const endWithReader = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') process.stderr.write(`pino-blackbox: ${error.message}\n`)
  process.exit(error.code === 'EPIPE' ? 0 : 1)
}
process.stdout.on('error', endWithReader)

/** The outputs, and what the example of each begins with. */
const EXAMPLES: Record<OutputName, string> = {
  jsonl: '--file logs/app --size 100m --limit-count 10',
  parquet: '--dir logs/parquet --partition day',
  http: '--url https://logs.example/ingest --auth-bearer-env LOG_TOKEN',
  exporter: '--module ./exporter.js',
  console: ''
}

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
    process.exitCode = await (await import('./view/view.js')).view(paths, { ...options, ...html !== undefined && { html } })
  })

/** What was said in a wrong way, told as commander tells it. */
async function usage (run: () => Promise<number>, told: (error: OptionError) => string, command: Command): Promise<void> {
  try {
    process.exitCode = await run()
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    command.error(`error: ${told(error)}`)
  }
}

function wholeNumber (text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is no whole number.')
  return Number(text)
}

const PASS = 'write the lines to stdout as well, as they come'

/** Lines go on to the outputs when nobody reads the echo any more. */
async function take (targets: (from: Pipes) => ReturnType<Pipes['outputOf']>, options: PipeOptions, told: (error: OptionError) => string, command: Command): Promise<void> {
  process.stdout.off('error', endWithReader)
  const from = await import('./operate/pipe.js')
  await usage(async () => await from.pipe(targets(from), options), told, command)
}
type Pipes = typeof import('./operate/pipe.js')

/** The options of an output, or those of these groups, as flags of a verb, if the command line has its name: schemas take long to load. */
async function withFlags (verb: Command, output: OutputName, groups?: readonly string[]) {
  if (!process.argv.includes(verb.name())) return { options: () => ({}), told: ({ problem }: OptionError) => problem }
  const { flagsOf, optionsFrom, toldByFlag } = await import('./operate/flags.js')
  const flags = flagsOf(output).filter(({ path: [group] }) => groups?.includes(group!) ?? true)
  const given: Array<[Flag, string]> = []
  for (const flag of flags) {
    const { long, value, alone, refused, about } = flag
    const option = new Option(`${long} ${alone || refused ? `[${value}]` : `<${value}>`}`, about).hideHelp(refused)
    // Kept as a list: the order of the command line counts, and some may come again.
    verb.addOption(option.preset('true').argParser((text: string) => { given.push([flag, text]) }))
  }
  verb.configureHelp({ optionDescription: ({ description }) => description })
  return { options: () => optionsFrom(given), told: (error: OptionError) => toldByFlag(error, flags) }
}

for (const [name, example] of Object.entries(EXAMPLES) as Array<[OutputName, string]>) {
  const verb = program.command(name)
    .description(`Takes log lines from the standard input to the output ${name}.`)
    .option('--level <level>', 'lines below it are left out: a label of pino, or a number')
    .option('--pass', PASS)
    .addHelpText('after', `
Example:
  node app.js | npx pino-blackbox ${name} ${example}

Each can be set by the variable that stands in brackets; what stands on the command line goes first.`)
  const { options, told } = await withFlags(verb, name)
  verb.action(async ({ level, pass }: { level?: string, pass?: boolean }, command: Command) =>
    await take(({ outputOf }) => outputOf(name, options(), level), { pass }, error => told(error).replace('`outputs.0.level`', '--level'), command))
}

program.command('pipe')
  .description('Takes log lines from the standard input to the outputs of a configuration file.')
  .requiredOption('--config <file>', 'a .yml, .yaml or .json file, as fromConfig() reads it')
  .option('--pass', PASS)
  .addHelpText('after', '\nExample:\n  node app.js | npx pino-blackbox pipe --config blackbox.yml')
  .action(async ({ config, pass }: { config: string, pass?: boolean }, command: Command) =>
    await take(({ outputsOfFile }) => outputsOfFile(config), { pass }, ({ message }) => message.replace('BLACKBOX_OPTION: ', ''), command))

program.command('tail')
  .description('Follows outputs as they are written: logs (rotated, compressed or not yet there) and the journals of parquet and http. Touches nothing.')
  .argument('<path...>', 'a log (logs/app, or a file of it), a directory of logs, a dataset, or a directory of journals (.blackbox)')
  .option('-n, --lines <count>', 'so many of the last lines first', wholeNumber, 10)
  .option('--level <level>', 'only lines of this level or above: a label of pino, or a number; lines without a level are shown')
  .option('--where <condition>', 'only lines of which this is true, such as req.method=GET, res.statusCode>=500, msg~time.*out; with = != ~ > >= < <=; may be repeated',
    (condition: string, before: string[] = []) => [...before, condition])
  .option('--no-follow', 'end when they are printed')
  .option('--json', 'lines as they are (default when stdout is no terminal)')
  .option('--no-json', 'lines for people, also when stdout is no terminal')
  .addHelpText('after', '\nExample:\n  npx pino-blackbox tail logs/app --level warn --where req.method=POST')
  .action(async (paths: string[], options: TailOptions, command: Command) => await usage(async () =>
    await (await import('./operate/tail.js')).tail(paths, options), ({ problem }) => problem, command))

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

const DATASET = ['dir', 'partition', 'columns', 'size', 'codec', 'compressLevel', 'rowGroupRows', 'engine']

const recovery = program.command('recover')
  .description('Does by hand what the next start of the application would do with what dead processes left: cuts unfinished lines (and keeps them beside, as <name>.damaged), puts journals in order, publishes what was meant for a dataset.')
  .argument('<path...>', 'directories, or logs as the option `file` names them')
  .option('--dry-run', 'only tell what would be done')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nThe options of a dataset stand in its journal; here they are for one that has lost them.\nExample: pino-blackbox recover ./logs ./.blackbox --dry-run')
const recovered = await withFlags(recovery, 'parquet', DATASET)
recovery.action(async (paths: string[], options: RecoverOptions, command: Command) => await usage(async () =>
  await (await import('./operate/recover.js')).recover(paths, { ...options, dataset: recovered.options() }), recovered.told, command))

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

const RECEIVER = ['url', 'auth', 'method', 'headers', 'format', 'compress', 'compressLevel', 'timeout', 'connectTimeout', 'tls', 'retry']

const repetition = program.command('replay')
  .description('Sends again what dead processes left in a journal, dead letters, or logs: to a receiver, under the same keys, or into a file. What was delivered is removed from journals and dead letters; logs stay.')
  .argument('<path...>', 'journals, `dead` directories or files in them, logs, or any files of JSON lines')
  .addOption(new Option('--to-jsonl <file>', 'into a new file instead').conflicts('url'))
  .option('--keep', 'remove nothing')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nThe environment is read as by the output (PINO_BLACKBOX_HTTP_URL and so on).\nExample: pino-blackbox replay ./.blackbox/http-shop/dead --url https://logs.example/ingest --auth-bearer-env LOG_TOKEN')
const repeated = await withFlags(repetition, 'http', RECEIVER)
repetition.action(async (paths: string[], options: ReplayOptions, command: Command) => await usage(async () =>
  await (await import('./operate/replay.js')).replay(paths, { ...options, http: repeated.options() }), repeated.told, command))

const conversion = program.command('convert')
  .description('Makes a dataset of Parquet files of logs, or lines of a dataset. As many records come out as go in; if not, it says so.')
  .argument('<in...>', 'files of JSON lines (.gz and .zst too), logs, Parquet files, datasets; - is the standard input')
  .addOption(new Option('--to <format>', 'what to make').choices(['parquet', 'jsonl']).makeOptionMandatory())
  .option('--file <file>', 'a new file, with --to jsonl (default: the standard output)')
  .addOption(dateFormat()).addOption(json())
  .addHelpText('after', '\nExample: pino-blackbox convert ./logs/app --to parquet --dir ./logs/parquet --columns req.method=string')
const converted = await withFlags(conversion, 'parquet', DATASET)
conversion.action(async (paths: string[], options: ConvertOptions, command: Command) => await usage(async () => {
  const parquet = converted.options()
  if (options.to === 'parquet' ? options.file !== undefined : Object.keys(parquet).length > 0) command.error('error: --to parquet has a --dir, --to jsonl a --file')
  return await (await import('./operate/convert.js')).convert(paths, { ...options, parquet })
}, converted.told, command))

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE
  else {
    process.stderr.write(`pino-blackbox: ${reason(error)}\n`)
    process.exitCode = error instanceof OptionError ? USAGE : 1
  }
})
