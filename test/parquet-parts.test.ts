// Pure decisions of the parquet output: names, partitions, columns over time, the end of a period.
import t from 'tap'
import { columnsOf, KEYS, nameOf, nameTaken, parsePath } from '../lib/parquet/columns.js'
import { evolve } from '../lib/parquet/evolution.js'
import { begun, fileName, isPartition, partitionDirectory, partitionNumber } from '../lib/parquet/naming.js'
import { Rotation } from '../lib/parquet/rotation.js'
import { stayAwake, until } from './fixtures/harness.js'

const WRITER = '0123456789abcdef'
const at = (iso: string): number => Date.parse(iso)

t.test('names: their order, and whose they are', async t => {
  const name = fileName('app', at('2026-02-03T04:05:06.789Z'), 7, WRITER)
  t.equal(name, 'app_20260203_040506_007-789-0123456789ab.parquet')
  const names = [
    fileName('app', at('2026-02-03T04:05:06.001Z'), 999, WRITER), fileName('app', at('2026-02-03T04:05:06.002Z'), 1, WRITER),
    fileName('app', at('2026-02-03T04:05:06.002Z'), 2, WRITER), fileName('app', at('2026-02-03T04:05:06.002Z'), 1000, WRITER), fileName('app', at('2026-02-03T04:05:07.000Z'), 1, WRITER)
  ]
  const ages = names.map(name => begun('app', name)!)
  t.strictSame([...ages].reverse().sort(), ages)
  for (const other of ['app.parquet', 'ap_20260203_040506_007-789-0123456789ab.parquet', `${name}.tmp`, name.replace('ab.', 'AB.'), `x${name}`]) t.equal(begun('app', other), undefined, other)
  t.equal(begun('my_app', name.replace('app', 'my_app')), begun('app', name))
})

t.test('partitions are by UTC, before 1970 too', async t => {
  const micros = (iso: string): number => at(iso) * 1000
  for (const [iso, hour] of [['2026-01-02T03:59:59.999Z', 'dt=2026-01-02/hr=03'], ['1969-12-31T23:59:59.999Z', 'dt=1969-12-31/hr=23'], ['0001-01-01T00:00:00Z', 'dt=0001-01-01/hr=00'], ['9999-12-31T23:59:59.999Z', 'dt=9999-12-31/hr=23']] as const) {
    t.equal(partitionDirectory(partitionNumber(micros(iso), 'hour'), 'hour'), hour)
    t.equal(partitionDirectory(partitionNumber(BigInt(at(iso)) * 1000n, 'day'), 'day'), hour.slice(0, 13))
    t.equal(partitionDirectory(partitionNumber(micros(iso), false), false), '')
    for (const part of hour.split('/')) t.ok(isPartition(part))
  }
  for (const name of ['dt=2026', 'hr=1', 'date=2026-01-01', '_blackbox', '']) t.notOk(isPartition(name), name)
})

t.test('paths and names of promoted columns', async t => {
  t.strictSame([parsePath('a'), parsePath('req.method'), parsePath('http\\.status.code')], [['a'], ['req', 'method'], ['http.status', 'code']])
  t.strictSame([['req', 'remoteAddress'], ['http.status'], ['9lives'], ['A']].map(nameOf), ['req_remote_address', 'http_status', '_9lives', 'a'])
  t.equal(nameTaken('req_id', 'string'), undefined)
  for (const [name, type] of [['req_id', 'int32'], ['dt', 'string'], ['hr', 'string'], ['time', 'timestamp'], ['attrs', 'string'], ['_corrupt', 'string']] as const) t.ok(nameTaken(name, type), name)
  t.strictSame(columnsOf([{ path: ['requestId'], name: 'req_id', type: 'string' }], KEYS).find(({ name }) => name === 'req_id')!.path, ['requestId'], 'an alias')
})

t.test('columns over time: what was there stays, what is new comes behind, a type never changes', async t => {
  const names = (columns: ReadonlyArray<{ name: string, type: string }>): string[] => columns.slice(13, -2).map(({ name, type }) => `${name} ${type}`)
  const first = evolve([{ path: ['a'], name: 'a', type: 'int32' }], KEYS, [])
  t.strictSame(names(first.columns), ['a int32'])
  const second = evolve([{ path: ['b'], name: 'b', type: 'string' }], KEYS, first.columns)
  t.strictSame(names(second.columns).sort(), ['a int32', 'b string'])
  t.strictSame(second.columns.find(({ name }) => name === 'a')!.path, [], 'without a source')
  const third = evolve([{ path: ['a'], name: 'a', type: 'string' }], KEYS, second.columns)
  t.strictSame(names(third.columns).sort(), ['a int32', 'b string'])
  t.strictSame(third.refused.map(({ name, type }) => `${name} ${type}`), ['a string'])
  t.strictSame(third.columns.find(({ name }) => name === 'a')!.path, ['a'], 'with its source, as what it was')
})

t.test('the end of a period is told once, a moment later, also after the clock was set back', async t => {
  let now = at('2026-01-01T00:59:59.500Z')
  const told: string[] = []
  let looks = 0
  const rotation = new Rotation({ frequency: 'hourly', utc: true }, boundary => told.push(new Date(boundary).toISOString().slice(11, 16)), () => {
    looks++
    return now
  })
  t.teardown(() => rotation.close())
  const look = async (): Promise<void> => {
    const enough = looks + 2
    await until(() => looks >= enough)
  }
  stayAwake(t)
  await look()
  now = at('2026-01-01T01:00:00.100Z')
  await look()
  t.strictSame(told, [], 'not before the journal had its moment')
  now = at('2026-01-01T01:00:00.700Z')
  await until(() => told.length === 1)
  await look()
  t.strictSame(told, ['01:00'])
  now = at('2026-01-01T05:30:00Z')
  await until(() => told.length === 2)
  t.strictSame(told, ['01:00', '02:00'], 'a sleep of hours is one end')
  now = at('2025-12-31T23:10:00Z')
  await look()
  now = at('2026-01-01T01:00:01Z')
  await until(() => told.length === 3)
  t.strictSame(told.slice(2), ['01:00'], 'and it goes on from where the clock is, after a period at most')
})
