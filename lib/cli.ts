#!/usr/bin/env node
// The command. Each verb has its code elsewhere; here is what users can say to it. The only importer of commander.
import fs from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { OptionError, reason } from './errors.js'
import { flagsOf, optionsFrom, toldByFlag, type Flag } from './operate/flags.js'
import { outputOf, outputsOfFile, pipe, type PipeOptions } from './operate/pipe.js'
import { tail, type TailOptions } from './operate/tail.js'
import { OUTPUTS } from './targets.js'
import { view, type ViewOptions } from './view/view.js'

const USAGE = 2

const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

// Whoever reads may have read enough (`| head`).
const endWithReader = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') process.stderr.write(`pino-blackbox: ${error.message}\n`)
  process.exit(error.code === 'EPIPE' ? 0 : 1)
}
process.stdout.on('error', endWithReader)

/** Of each output what its example begins with. */
const EXAMPLES: Partial<Record<string, string>> = {
  jsonl: '--file logs/app --size 100m --limit-count 10',
  parquet: '--dir logs/parquet --partition day',
  http: '--url https://logs.example/ingest --auth-bearer-env LOG_TOKEN'
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
    process.exitCode = await view(paths, { ...options, ...html !== undefined && { html } })
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
async function take (targets: () => ReturnType<typeof outputsOfFile>, options: PipeOptions, told: (error: OptionError) => string, command: Command): Promise<void> {
  process.stdout.off('error', endWithReader)
  await usage(async () => await pipe(targets(), options), told, command)
}

for (const name of OUTPUTS) {
  const flags = flagsOf(name)
  const given: Array<[Flag, string]> = []
  const verb = program.command(name)
    .description(`Takes log lines from the standard input to the output ${name}.`)
    .option('--level <level>', 'lines below it are left out: a label of pino, or a number')
    .option('--pass', PASS)
    .configureHelp({ optionDescription: ({ description }) => description })
    .addHelpText('after', `
Example:
  node app.js | npx pino-blackbox ${name} ${EXAMPLES[name] ?? ''}

Each can be set by the variable that stands in brackets; what stands on the command line goes first.`)
  for (const flag of flags) {
    const { long, value, alone, refused, about } = flag
    const option = new Option(`${long} ${alone || refused ? `[${value}]` : `<${value}>`}`, about).hideHelp(refused)
    // Kept as a list: the order of the command line counts, and some may come again.
    verb.addOption(option.preset('true').argParser((text: string) => { given.push([flag, text]) }))
  }
  verb.action(async ({ level, pass }: { level?: string, pass?: boolean }, command: Command) =>
    await take(() => outputOf(name, optionsFrom(given), level), { pass }, error => toldByFlag(error, flags).replace('`outputs.0.level`', '--level'), command))
}

program.command('pipe')
  .description('Takes log lines from the standard input to the outputs of a configuration file.')
  .requiredOption('--config <file>', 'a .yml, .yaml or .json file, as fromConfig() reads it')
  .option('--pass', PASS)
  .addHelpText('after', '\nExample:\n  node app.js | npx pino-blackbox pipe --config blackbox.yml')
  .action(async ({ config, pass }: { config: string, pass?: boolean }, command: Command) =>
    await take(() => outputsOfFile(config), { pass }, ({ message }) => message.replace('BLACKBOX_OPTION: ', ''), command))

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
  .action(async (paths: string[], options: TailOptions, command: Command) => await usage(async () => await tail(paths, options), ({ problem }) => problem, command))

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE
  else {
    process.stderr.write(`pino-blackbox: ${reason(error)}\n`)
    process.exitCode = 1
  }
})
