// Names of rotated files, pure: what is formatted is parsed, and nothing else is.
import t from 'tap'
import fc from 'fast-check'
import { join, resolve } from 'node:path'
import { RotatedNames, type NamingOptions } from '../lib/journal/naming.js'

const names = (options: Partial<NamingOptions> = {}): RotatedNames => new RotatedNames({ file: 'logs/app', utc: true, ...options })

const FORMATS = [undefined, 'yyyy-MM-dd', 'yyyy-MM-dd-HH', 'yyyy.MM.dd', 'yyyyMMdd', "yyyy-MM-dd'T'HHmmss", "RRRR-'W'II", 'MMM-d-yyyy', 't', 'EEE', 'HH', 'II']

t.test('`<name>[.<date>].<n><extension>`', async t => {
  const name = (file: string, extension?: string): string => names({ file, extension }).format({ date: '', number: 3, suffix: '' })
  t.equal(name('logs/app'), 'app.3.log')
  t.equal(name('logs/app', '.jsonl'), 'app.3.jsonl')
  t.equal(name('logs/app', 'jsonl'), 'app.3.jsonl', 'with or without its dot')
  t.equal(name('logs/app', ''), 'app.3')
  t.equal(name('logs/app.jsonl'), 'app.3.jsonl', 'the extension of the path')
  t.equal(name('logs/app.txt', '.jsonl'), 'app.3.jsonl', 'the option is stronger')
  t.equal(name('logs/app.prod.log'), 'app.prod.3.log')
  t.equal(name('logs/'), 'app.3.log', 'a directory')
  t.equal(name('.app'), '.app.3.log')
  t.equal(name('logs.d/app'), 'app.3.log', 'a dot in the directory is none in the name')
  t.equal(names({ dateFormat: 'yyyy-MM-dd' }).format({ date: '2026-05-06', number: 12, suffix: '.gz' }), 'app.2026-05-06.12.log.gz')
  t.equal(names({ file: 'logs/app' }).path({ date: '', number: 1, suffix: '' }), resolve('logs', 'app.1.log'))
  t.equal(names({ file: 'logs/' }).directory, resolve('logs'))
})

t.test('dates are UTC or local', async t => {
  const time = Date.parse('2026-05-05T23:30:00Z')
  const before = process.env.TZ
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  process.env.TZ = 'Asia/Kolkata'
  t.equal(names({ dateFormat: 'yyyy-MM-dd-HHmm', utc: true }).date(time), '2026-05-05-2330')
  t.equal(names({ dateFormat: 'yyyy-MM-dd-HHmm', utc: false }).date(time), '2026-05-06-0500')
  t.equal(names({}).date(time), '', 'none without a format')
})

t.test('every name that is formatted is parsed to its parts', async t => {
  for (const dateFormat of FORMATS) {
    fc.assert(fc.property(
      fc.constantFrom('app', 'app.prod', 'a', 'my app', 'app-1', 'app.1', 'ünïcödé', 'a+b(c)[d]', '1', '$&'),
      fc.constantFrom('', '.log', 'jsonl', '.1', '.gz', '.tar.gz'),
      fc.integer({ min: 0, max: Date.parse('2099-01-01T00:00:00Z') }), fc.integer({ min: 1, max: 1e9 }), fc.constantFrom('', '.gz', '.zst'), fc.boolean(),
      (base, extension, time, number, suffix, utc) => {
        const own = names({ file: join('logs', `${base}.log`), extension, dateFormat, utc })
        const name = { date: own.date(time), number, suffix }
        const parsed = own.parse(own.format(name))
        return parsed !== undefined && own.format(parsed) === own.format(name) && parsed.number === number && parsed.date === name.date
      }), { numRuns: 500 })
    t.pass(dateFormat ?? 'no date')
  }
})

t.test('dates of local time are parsed too, where the clock jumps and where a day is missing', async t => {
  const before = process.env.TZ
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  for (const zone of ['Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Pacific/Apia']) {
    process.env.TZ = zone
    for (const dateFormat of ['yyyy-MM-dd', 'yyyy-MM-dd-HH', 'yyyy-MM-dd-HHmm']) {
      const own = names({ dateFormat, utc: false })
      fc.assert(fc.property(fc.integer({ min: Date.parse('2010-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') }), time => {
        const date = own.date(time)
        return own.parse(`app.${date}.1.log`)?.date === date
      }), { numRuns: 500, examples: [['2018-11-04T03:00:00Z'], ['2026-10-25T00:30:00Z'], ['2026-10-25T01:30:00Z'], ['2026-03-29T01:00:00Z'], ['2011-12-30T10:00:00Z']].map(([text]) => [Date.parse(text!)]) })
    }
    t.pass(zone)
  }
})

t.test('29 February is a date, also in formats without a year', async t => {
  for (const dateFormat of ['MM-dd', 'dd.MM', 'MMdd', 'd-MMM', 'yyyy-MM-dd']) {
    const own = names({ dateFormat })
    const date = own.date(Date.parse('2028-02-29T12:00:00Z'))
    t.equal(own.parse(`app.${date}.1.log`)?.date, date, date)
  }
})

t.test('a name that would not be formatted is not parsed', async t => {
  const pieces = fc.constantFrom('app', 'other', '.', '.1', '.01', '.0', '.12', '-1', '.x', '.2026-05-05', '.2026-5-5', '.2026-02-30', '.log', '.LOG', '.gz', '.zst', '.bak', '~', ' ', '', '.-1', '.1e3', '.１')
  const like = fc.array(pieces, { maxLength: 6 }).map(parts => parts.join(''))
  for (const dateFormat of FORMATS) {
    for (const extension of ['.log', '']) {
      const own = names({ dateFormat, extension })
      fc.assert(fc.property(fc.oneof(like, like.map(tail => `app${tail}`), fc.string()), name => {
        const parsed = own.parse(name)
        return parsed === undefined || own.format(parsed) === name
      }), { numRuns: 2000 })
    }
    t.pass(dateFormat ?? 'no date')
  }
})

t.test('names of others', async t => {
  const foreign = [
    'app.x.log', 'app.1.log.bak', 'app.1.log.1', 'app.1.log~', '.app.1.log', 'other.1.log', 'application.1.log', 'app-1.log', 'app.log', 'app.01.log',
    'app.0.log', 'app.-1.log', 'app.1.5.log', 'app. 1.log', 'app.1e3.log', 'app.1.txt', 'app.1.log.xz', 'app.1.log.gz.gz', 'app..1.log', 'app.2026-05-05.1.log',
    'current.log', '', 'app', 'app.', '.log', 'app.1.log.gz.part', 'app.1.LOG', 'app.1', 'app.1.log/x'
  ]
  for (const name of foreign) t.equal(names().parse(name), undefined, name)
  const dated = names({ dateFormat: 'yyyy-MM-dd' })
  const undated = ['app.1.log', 'app.2026-02-30.1.log', 'app.2026-5-5.1.log', 'app.20260505.1.log', 'app.2026-05-05-10.1.log', 'app.2026-05-05.log', 'app.2026-05-05.01.log', 'app.x.1.log', 'app.+2026-05-05.1.log']
  for (const name of undated) t.equal(dated.parse(name), undefined, name)
})

t.test('older before newer: by date, then by number as a number', async t => {
  const own = names({ dateFormat: 'd-MMM-yyyy' })
  const sorted = ['app.30-Apr-2026.2.log', 'app.30-Apr-2026.10.log.gz', 'app.1-May-2026.1.log', 'app.2-May-2026.1.log', 'app.10-May-2026.1.log']
  const shuffled = [...sorted].sort()
  t.notSame(shuffled, sorted, 'as text they are in another order')
  t.strictSame(shuffled.map(name => own.parse(name)!).sort(own.compare).map(name => own.format(name)), sorted)
})

t.test('a format that date-fns does not know is refused', async t => {
  t.throws(() => names({ dateFormat: 'YYYY-MM-DD' }), { code: 'BLACKBOX_OPTION', option: 'dateFormat' })
  t.throws(() => names({ dateFormat: 'nope' }), { code: 'BLACKBOX_OPTION', option: 'dateFormat' })
})
