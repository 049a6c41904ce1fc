// What one asks a log, in SQL, on the Parquet files as they lie there.
import { bold, count, dim, heading, table } from './report.js'

const QUESTIONS = [
  {
    question: 'Requests by route',
    sql: `
      select route,
        count(*) as requests,
        count(*) filter (status >= 500) as failed,
        quantile_cont(response_ms, 0.5) as median_ms,
        quantile_cont(response_ms, 0.95) as p95_ms
      from log
      where response_ms is not null
      group by route
      order by requests desc, route`
  },
  {
    question: 'Errors by type',
    sql: `
      select err_type as error,
        count(*) as lines,
        count(distinct trace_id) as traces,
        min(err_message) as for_example
      from log
      where err_type is not null
      group by err_type
      order by lines desc, error`
  },
  {
    question: 'The slowest traces',
    sql: `
      select trace_id,
        count(response_ms) as requests,
        count(*) as lines,
        sum(response_ms) as in_all_ms,
        arg_max(route, response_ms) as slowest_request,
        max(attrs->>'$.upstream') as waited_for
      from log
      where trace_id is not null
      group by trace_id
      order by in_all_ms desc nulls last, trace_id
      limit 5`
  }
]

/**
 * @typedef {object} Answer
 * @property {string} question
 * @property {string} sql
 * @property {Record<string, string | number | null>[]} rows
 */

/**
 * @param {import('./dataset.js').Dataset} dataset
 * @returns {Promise<Answer[]>} none when there is nothing to ask
 */
export async function answers ({ files, ask }) {
  if (files.length === 0) return []
  const found = []
  for (const { question, sql } of QUESTIONS) {
    const rows = await ask(sql)
    found.push({ question, sql: unindented(sql), rows: rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))) })
  }
  return found
}

const plain = value => typeof value === 'bigint' ? Number(value) : value

const unindented = sql => sql.trim().split('\n').map(line => line.replace(/^ {6}/, '')).join('\n')

/** @param {Answer[]} all */
export function answerText (all) {
  return all.flatMap(({ question, sql, rows }) => [
    heading(question),
    sql.split('\n').map(line => dim(`  ${line}`)).join('\n'),
    '',
    answerTable(rows)
  ]).join('\n')
}

function answerTable (rows) {
  const [first] = rows
  if (!first) return '  none'
  const names = Object.keys(first)
  const figures = names.filter(name => rows.some(row => typeof row[name] === 'number')).length
  return table([names.map(name => bold(name)), ...rows.map(row => names.map(name => cell(row[name])))], figures)
}

function cell (value) {
  if (typeof value !== 'number') return value ?? ''
  return Number.isInteger(value) ? count(value) : value.toFixed(1)
}
