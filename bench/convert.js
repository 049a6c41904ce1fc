// One converter in a process of its own: twice from the same file of JSON lines, once as a fresh process does it and once warm.
//
//   node convert.js '{"contender": "blackbox parquet", "dirs": ["/tmp/x"], "input": "/tmp/log.jsonl"}'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { DATASET } from './contenders.js'
import { converters, PASSES } from './convert/converters.js'
import { peakRss, processCpu } from './meter.js'

const { contender, dirs: [dir], input } = JSON.parse(process.argv[2])

async function pass (name) {
  const convert = await converters[contender].open(input, join(dir, name, DATASET))
  const [start, cpu, idleRss] = [performance.now(), processCpu(), peakRss()]
  await convert()
  return { ms: performance.now() - start, cpuUs: processCpu() - cpu, idleRss, peakRss: peakRss() }
}

const result = {}
try {
  const [cold, warm] = [await pass(PASSES[0]), await pass(PASSES[1])]
  Object.assign(result, { ms: cold.ms, warmMs: warm.ms, cpuUs: cold.cpuUs, warmUs: warm.cpuUs, idleRss: cold.idleRss, peakRss: cold.peakRss })
} catch (error) {
  result.failure = String(error)
}
process.send(result, () => process.disconnect())
