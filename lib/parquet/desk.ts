// Does the jobs of the converting thread, for every writer's directory that it is asked about. What it has in memory can be lost at
// any time, because everything that counts is in the checkpoint.
import fs from 'node:fs'
import os from 'node:os'
import { basename } from 'node:path'
import { createRequire } from 'node:module'
import { openCodec } from './codec.js'
import { SCHEMA_VERSION } from './columns.js'
import { Dataset } from './dataset.js'
import { readAt } from './disk.js'
import { openEngine } from './engine.js'
import { evolve, SCHEMA_KEY, storedColumns, type StoredColumn } from './evolution.js'
import { RecordReader } from './record.js'
import { recover } from './recovery.js'
import { rowGroups, type RowGroup, type RowGroupOptions } from './row-groups.js'
import { Stage } from './stage.js'
import { Text } from './text.js'
import { errno, reason } from '../errors.js'
import { wholeLines } from '../journal/block.js'
import type { Job, Outcome, Settings } from './settings.js'

const { version } = createRequire(import.meta.url)('pino-blackbox/package.json') as { version: string }

/** One writer's directory at work. */
interface Desk extends RowGroupOptions {
  /** The settings that it was opened with, as text. */
  signature: string
  stage: Stage
  dataset: Dataset
}

/** Newest files that are asked for their columns: more than one, because writers of several configurations may be at work. */
const WITNESSES = 20

const desks = new Map<string, Desk>()

/** The lines that are converted, always in the same memory. */
const text = new Text()

async function open (directory: string, settings: Settings, signature: string, outcome: Outcome): Promise<Desk> {
  const { dataset: path, base, partition, size, engine, codec, compressLevel, promoted, keys, levels } = settings
  const dataset = new Dataset(path, base)
  let stored: StoredColumn[] = []
  attempt('read the columns of the newest files', outcome, () => { stored = storedColumns(dataset.newest(WITNESSES)) })
  const { columns, refused } = evolve(promoted, keys, stored)
  for (const { name, type } of refused) {
    outcome.trouble.push({ action: `make column ${name} a ${type}`, message: 'it has another type in the files that are there; give it another name' })
  }
  const stage = new Stage({
    directory,
    dataset,
    size,
    engine: await openEngine(engine, {
      columns, codec: await openCodec(codec, compressLevel), createdBy: `pino-blackbox version ${version} (build schema-${SCHEMA_VERSION})`
    }),
    metadata: {
      [SCHEMA_KEY]: JSON.stringify({ version: SCHEMA_VERSION, ...keys, columns: columns.map(({ name, type, path }) => ({ name, type, path })) }),
      'pino-blackbox.writer': JSON.stringify({ id: basename(directory), host: os.hostname(), pid: process.pid })
    }
  })
  return { signature, stage, dataset, columns, partition, reader: new RecordReader({ columns, levels }) }
}

/** The desk for these settings; one for others is cleared first, because the files of both may differ. */
async function desk ({ directory, settings }: Job, outcome: Outcome): Promise<Desk> {
  const signature = JSON.stringify(settings)
  const there = desks.get(directory)
  if (there?.signature === signature) return there
  there?.stage.close()
  desks.delete(directory)
  const opened = await open(directory, settings, signature, outcome)
  desks.set(directory, opened)
  return opened
}

/** Not to be called again before it has ended. Rejects when the job has to be repeated. */
export async function run (job: Job): Promise<Outcome> {
  const outcome: Outcome = { spilled: 0, corrupt: 0, published: 0, gone: false, trouble: [] }
  const { settings, directory } = job
  if (job.do === 'recover') {
    recover(directory, new Dataset(settings.dataset, settings.base))
    return outcome
  }
  if (job.do !== 'convert' && !fs.existsSync(directory)) {
    desks.delete(directory)
    outcome.gone = true
    return outcome
  }
  const at = await desk(job, outcome)
  if (job.do === 'convert') {
    outcome.gone = !await convert(job, at, outcome)
    // The segment is done with: what goes wrong from here on is no reason to do it again.
    attempt('publish a file', outcome, () => { outcome.published = at.stage.publishFull() })
  } else if (job.do === 'publish') {
    outcome.published = at.stage.publish(job.moment, Date.now())
  } else {
    outcome.published = at.stage.close()
    desks.delete(directory)
  }
  const { limit } = settings
  if (limit && (outcome.published > 0 || job.do !== 'convert')) attempt('remove old files', outcome, () => at.dataset.retain(limit, Date.now()))
  return outcome
}

/** False when the segment is not there any more. */
async function convert ({ segment: { id, path, opened }, pieces }: Extract<Job, { do: 'convert' }>, { stage, ...at }: Desk, outcome: Outcome): Promise<boolean> {
  if (!stage.has(id)) {
    const { spilled, corrupt } = at.reader
    let fd: number
    try {
      fd = fs.openSync(path, 'r')
    } catch (error) {
      if (errno(error) === 'ENOENT') return false
      throw error
    }
    try {
      await stage.add(id, opened, inPieces(fd, opened, at, pieces))
    } finally {
      fs.closeSync(fd)
    }
    outcome.spilled = at.reader.spilled - spilled
    outcome.corrupt = at.reader.corrupt - corrupt
  }
  stage.unlink(path)
  return true
}

/** The row groups of a segment's lines, made one piece after the other, so that only one of them is in memory. */
function * inPieces (fd: number, opened: number, options: RowGroupOptions, pieces: number): Iterable<RowGroup> {
  const { size } = fs.fstatSync(fd)
  const piece = Math.ceil(size / pieces)
  let room = piece
  for (let start = 0; start < size;) {
    const taken = text.load(Math.min(room, size - start), into => {
      readAt(fd, into, start)
      return start + into.length < size ? wholeLines(into, into.length) : into.length
    })
    if (taken > 0) yield * rowGroups(text, opened, options)
    start += taken
    // Where no line ends in there it takes more.
    room = taken > 0 ? piece : room * 2
  }
}

function attempt (action: string, { trouble }: Outcome, what: () => void): void {
  try {
    what()
  } catch (error) {
    trouble.push({ action, message: reason(error) })
  }
}
