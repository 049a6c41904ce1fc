// The receiver of everybody who sends: a process of its own, so that nothing it does is counted for the one that is measured.
//
// While the clock runs it keeps the bodies as they are and answers. What is in them is looked at afterwards, when its parent asks
// for it with { lines }; then it ends with its parent's channel.
import { once } from 'node:events'
import http from 'node:http'
import { verifyBodies } from './verify-http.js'

/** Whoever has not sent anything for this long, ms, sends no more. */
const QUIET = 10_000

const bodies = []
const waiting = new Set()
let arrived = 0
let bytes = 0

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://receiver')
  if (pathname === '/arrived') answerWhenThere(Number(searchParams.get('lines')), response)
  else keep(request, pathname, response)
})
// An idle connection that is closed here, just as it is used again there, would be a failure of neither.
server.keepAliveTimeout = 0

function keep (request, path, response) {
  const pieces = []
  request.on('data', piece => { pieces.push(piece) })
  request.on('end', () => {
    const body = Buffer.concat(pieces)
    bodies.push({ body, type: request.headers['content-type'], encoding: request.headers['content-encoding'] })
    bytes += body.length
    response.writeHead(path.startsWith('/loki') ? 204 : 200).end()
    if (!request.headers['content-encoding']) arrived += linesIn(body)
    for (const look of waiting) look()
  })
}

/** For those who cannot say when they are done. None of them compresses, so their lines can be counted as they come. */
function answerWhenThere (lines, response) {
  const answer = () => {
    clearTimeout(quiet)
    waiting.delete(look)
    response.end()
  }
  const quiet = setTimeout(answer, QUIET)
  const look = () => {
    quiet.refresh()
    if (arrived >= lines) answer()
  }
  waiting.add(look)
  look()
}

/** By the name of their number, of which each line has one, and which looks alike in all formats. */
function linesIn (body) {
  let lines = 0
  for (let at = body.indexOf('"seq'); at !== -1; at = body.indexOf('"seq', at + 4)) lines++
  return lines
}

process.on('message', ({ lines }) => process.send({ bytes, requests: bodies.length, ...verifyBodies(bodies, lines) }))
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send({ url: `http://127.0.0.1:${server.address().port}/` })
