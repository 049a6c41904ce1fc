// The load on one server, which is a process of its own, and then a look at what that left.
//
//   node requests.js '{"contender": "plugin, info", "style": "errors", "dirs": ["/tmp/x"], "seconds": 10, "rate": 5000}'
//
// Without `rate` as fast as the server answers.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pace, saturate } from './requests/load.js'
import { ROUTES, servers } from './requests/servers.js'
import { verifyDumps, verifyLog } from './requests/verify.js'
import { styles } from './styles.js'

/** An error takes three times as long until it is compiled. */
const WARM_SECONDS = 2
/** Errors at the end, for their dumps. What makes the first dump of a process is not compiled yet, and on a busy machine has no time for all. */
const LAST = 3

const { contender, style, dirs: [dir], seconds, rate } = JSON.parse(process.argv[2])
const { failing } = styles[style]
const status = failing ? 500 : 200
const [log, dumps] = ['log', 'dumps'].map(name => join(dir, name))
const { plugin } = servers[contender]

const server = fork(fileURLToPath(new URL('requests/app.js', import.meta.url)), [JSON.stringify({ contender, log: join(log, 'shop'), dumps })])
const gone = once(server, 'exit').then(([code]) => { throw new Error(`the server ended with code ${code}`) })
gone.catch(() => {})
const said = async () => (await Promise.race([once(server, 'message'), gone]))[0]
const ask = what => {
  server.send(what)
  return said()
}

async function measure () {
  const { url } = await said()
  // The storm has a route of its own: its first dumps are still to come, and what makes them is warm all the same.
  await saturate(url + (failing ? ROUTES.warm : ROUTES.fine), status, Math.min(WARM_SECONDS, seconds))
  const path = failing ? ROUTES.storm : ROUTES.fine
  const before = await ask('figures')
  const load = await (rate ? pace : saturate)(url + path, status, seconds, rate)
  const after = await ask('figures')
  const requests = after.served - before.served
  const mainUs = (after.mainUs - before.mainUs) / requests
  const otherUs = (after.allUs - before.allUs) / requests - mainUs
  for (let time = 0; time < LAST; time++) await (await fetch(url + ROUTES.after)).text()
  const last = await ask('close')
  const found = verified(last)
  return { ...load, ...found, failure: load.failure ?? found.failure, mainUs, otherUs, peakRss: after.peakRss }
}

function verified (figures) {
  const failure = verifyLog(log, servers[contender], figures)
  return failure || !plugin ? { failure } : verifyDumps(dumps, plugin, figures)
}

const result = await measure().catch(error => ({ failure: String(error) }))
// It ends with its channel, if it has not ended itself.
if (server.connected) server.disconnect()
process.send(result, () => process.disconnect())
